package dev.holdfast.conformance;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The direction of the arrows between modules and packages, as ARCHITECTURE.md draws them. */
class ArchitectureTest {
    /** The engine's layers from top to bottom: a layer may use those after it, and never one before it. */
    private static final List<String> ENGINE_LAYERS = List.of(
            "commands",
            "replication",
            "persistence",
            "scripting",
            "core",
            "upkeep",
            "change",
            "client",
            "acl",
            "topology",
            "metrics",
            "catalog",
            "journal",
            "types",
            "keyspace",
            "structures",
            "lua",
            "base");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.holdfast");

    @Test
    void theClassesAreSeen() {
        assertTrue(CLASSES.contain("dev.holdfast.engine.base.Slice"), "the rules would hold of nothing");
    }

    @Test
    void arrowsInTheEnginePointDown() {
        for (int lower = 1; lower < ENGINE_LAYERS.size(); lower++) {
            String[] above = ENGINE_LAYERS.subList(0, lower).stream()
                    .map(ArchitectureTest::enginePackage)
                    .toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(enginePackage(ENGINE_LAYERS.get(lower)))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(above)
                    .allowEmptyShould(true)
                    .check(CLASSES);
        }
    }

    /** What a key holds is changed through {@code Edit}, which informs all that depend on it. */
    @Test
    void onlyEditsChangeTables() {
        Set<String> changes = Set.of(
                "insert",
                "replace",
                "remove",
                "setExpiry",
                "refresh",
                "setInPlace",
                "write",
                "open",
                "adjust",
                "put",
                "insertMissing",
                "replaceFound",
                "removeFound");
        DescribedPredicate<JavaMethodCall> change = describe(
                "change a table of keys",
                call -> call.getTargetOwner().getFullName().equals("dev.holdfast.engine.keyspace.KeyTable")
                        && changes.contains(call.getName()));
        classes()
                .that()
                .haveFullyQualifiedName("dev.holdfast.engine.core.Edit")
                .should()
                .callMethodWhere(change)
                .check(CLASSES);
        noClasses()
                .that(not(resideInAnyPackage(enginePackage("keyspace"), enginePackage("upkeep"))))
                .and()
                .doNotHaveFullyQualifiedName("dev.holdfast.engine.core.Edit")
                .and()
                // What comes from a file is put where it belongs before anybody can look.
                .doNotHaveFullyQualifiedName("dev.holdfast.engine.persistence.Arrivals")
                .should()
                .callMethodWhere(change)
                .check(CLASSES);
    }

    /** What stands before a command stands in one place, whatever way the command comes by. */
    @Test
    void onlyTheGateChecksCommands() {
        DescribedPredicate<JavaMethodCall> check = describe(
                "check a command",
                call -> Set.of("admit", "admitQueued", "admitInScript", "makeRoom", "refusal")
                                .contains(call.getName())
                        && Set.of(
                                        "dev.holdfast.engine.client.Permissions",
                                        "dev.holdfast.engine.upkeep.Eviction",
                                        "dev.holdfast.engine.core.Persistence",
                                        "dev.holdfast.engine.core.Replication")
                                .contains(call.getTargetOwner().getFullName()));
        classes()
                .that()
                .haveFullyQualifiedName("dev.holdfast.engine.core.Gate")
                .should()
                .callMethodWhere(check)
                .check(CLASSES);
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.holdfast.engine.core.Gate")
                .should()
                .callMethodWhere(check)
                .check(CLASSES);
    }

    /** What requests and replies look like, and what can be configured, is known to every layer and knows none. */
    @Test
    void protocolAndConfigurationStandOnTheBase() {
        classes()
                .that()
                .resideInAnyPackage(enginePackage("protocol"), enginePackage("config"))
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        enginePackage("protocol"),
                        enginePackage("config"),
                        enginePackage("base"),
                        "java..",
                        "org.slf4j..",
                        "org.jspecify..")
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    /** The package {@code dev.holdfast.engine} itself is the way in for programs: it stands on top of the layers. */
    @Test
    void nothingInTheEngineUsesItsWayIn() {
        noClasses()
                .that()
                .resideInAnyPackage(ENGINE_LAYERS.stream()
                        .map(ArchitectureTest::enginePackage)
                        .toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.holdfast.engine")
                .check(CLASSES);
    }

    @Test
    void theEngineStandsOnTheJdkAndALoggingFacade() {
        classes()
                .that()
                .resideInAPackage("dev.holdfast.engine..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("dev.holdfast.engine..", "java..", "org.slf4j..", "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void theEngineKnowsNoSocket() {
        noClasses()
                .that()
                .resideInAPackage("dev.holdfast.engine..")
                .should()
                .dependOnClassesThat(socket())
                .check(CLASSES);
    }

    private static DescribedPredicate<JavaClass> socket() {
        DescribedPredicate<JavaClass> channel = describe(
                "are channels of a network",
                type -> type.getPackageName().startsWith("java.nio.channels")
                        && (type.getSimpleName().contains("Socket")
                                || type.getSimpleName().contains("Selector")
                                || type.getSimpleName().contains("Datagram")));
        return resideInAnyPackage("java.net..", "javax.net..").or(channel).as("know the network");
    }

    @Test
    void theServerIsNotUsedFromBelowNorTheProgramFromAnywhere() {
        noClasses()
                .that(not(resideInAnyPackage("dev.holdfast.server..", "dev.holdfast.relay..", "dev.holdfast.app..")))
                .should()
                .dependOnClassesThat(resideInAPackage("dev.holdfast.server.."))
                .check(CLASSES);
        noClasses()
                .that(not(resideInAPackage("dev.holdfast.app..")))
                .should()
                .dependOnClassesThat(resideInAPackage("dev.holdfast.app.."))
                .check(CLASSES);
    }

    /** The relay stands on the toolkit and on the server's event loops; what Netty and HTTP are is known in one package. */
    @Test
    void theRelayStandsOnTheToolkitAndKnowsNettyInOnePlace() {
        noClasses()
                .that(not(resideInAnyPackage("dev.holdfast.relay..", "dev.holdfast.app..")))
                .should()
                .dependOnClassesThat(resideInAPackage("dev.holdfast.relay.."))
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.holdfast.relay..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.holdfast.engine..")
                .check(CLASSES);
        noClasses()
                .that(resideInAPackage("dev.holdfast.relay..").and(not(resideInAPackage("dev.holdfast.relay.http"))))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .check(CLASSES);
    }

    /** In the toolkit, patterns stand on {@code pattern}, which stands on {@code store} and {@code codec}; the way in is on top. */
    @Test
    void theToolkitStandsOnTheStore() {
        noClasses()
                .that()
                .resideInAPackage("dev.holdfast.engine..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.holdfast.toolkit..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAnyPackage("dev.holdfast.toolkit.*..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.holdfast.toolkit")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.holdfast.toolkit.store")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.holdfast.toolkit.pattern", "dev.holdfast.toolkit.codec")
                .check(CLASSES);
        noClasses()
                .that(resideInAPackage("dev.holdfast..").and(not(resideInAPackage("dev.holdfast.toolkit.store"))))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.lettuce..")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.holdfast.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void everyPackageIsNullMarked() {
        TreeSet<String> unmarked = new TreeSet<>();
        for (JavaClass type : CLASSES) {
            JavaPackage home = type.getPackage();
            if (!home.isAnnotatedWith(NullMarked.class)) {
                unmarked.add(home.getName());
            }
        }
        assertEquals(new TreeSet<String>(), unmarked, "packages without @NullMarked in their package-info.java");
    }

    @Test
    void noClassIsABag() {
        noClasses()
                .should()
                .haveNameMatching(".*(Util|Utils|Utility|Utilities|Helper|Helpers|Manager)")
                .check(CLASSES);
    }

    private static String enginePackage(String layer) {
        return "dev.holdfast.engine." + layer + "..";
    }
}
