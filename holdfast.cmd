@echo off
rem Starts Holdfast on Windows. Arguments are those of valkey-server. The jar is built by: mvn -pl app -am package -DskipTests
setlocal
set "jar=%~dp0app\target\holdfast.jar"
set "java=java"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java.exe"
if not exist "%jar%" (
    echo holdfast: there is no %jar%; build it with: mvn -pl app -am package -DskipTests 1>&2
    exit /b 1
)
"%java%" "@%~dp0app\jvm.flags" %HOLDFAST_JAVA_OPTS% -jar "%jar%" %*
exit /b %ERRORLEVEL%
