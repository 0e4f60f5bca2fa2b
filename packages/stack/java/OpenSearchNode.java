import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;

/**
 * Runs one OpenSearch node, with its settings from HOME/config/opensearch.yml and with plugins from the class path:
 *
 *   java OpenSearchNode HOME PLUGIN_CLASS…
 *
 * OpenSearch's own entry point (org.opensearch.bootstrap.OpenSearch) refuses to run as root, needs the security
 * manager that Java 24 removed, and wants every plugin unpacked in a folder with a descriptor. A Node does not.
 */
public final class OpenSearchNode extends Node {
  private OpenSearchNode(Environment environment, Collection<Class<? extends Plugin>> plugins) {
    super(environment, plugins, true);
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]).toAbsolutePath();
    Settings settings = Settings.builder().put("path.home", home.toString()).build();
    Environment environment = InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "stack");
    Node node = new OpenSearchNode(environment, plugins(List.of(arguments).subList(1, arguments.length)));
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      close(node);
      stopped.countDown();
    }));
    node.start();
    stopped.await();
  }

  private static Collection<Class<? extends Plugin>> plugins(List<String> names) throws ClassNotFoundException {
    Collection<Class<? extends Plugin>> plugins = new ArrayList<>();
    for (String name : names) plugins.add(Class.forName(name).asSubclass(Plugin.class));
    return plugins;
  }

  private static void close(Node node) {
    try {
      node.close();
    } catch (Exception failure) {
      failure.printStackTrace();
    }
  }
}
