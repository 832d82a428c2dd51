using System.Collections.Concurrent;
using System.Diagnostics;

namespace EndToEnd.Tests.Tools;

/// <summary>Finds the programs that tests need.</summary>
public static class Toolbox
{
    private static readonly ConcurrentDictionary<Tool, string?> Missing = new();

    /// <summary>A missing tool is a failure, not a skip.</summary>
    public static bool IsCi { get; } = string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    public static string Etcdctl => Find("ETCDCTL", "etcdctl") ?? throw new InvalidOperationException(WhyMissing(Tool.Etcdctl));

    public static string Etcd => Find("ETCD", "etcd") ?? throw new InvalidOperationException(WhyMissing(Tool.Etcd));

    public static string Etcdutl => FindEtcdutl() ?? throw new InvalidOperationException(WhyMissing(Tool.Etcdutl));

    public static string Etcd34 => Find("ETCD_V2", "etcd-3.4") ?? throw new InvalidOperationException(WhyMissing(Tool.Etcd34));

    public static string Etcdctl34 => Beside(Etcd34, "etcdctl") ?? throw new InvalidOperationException(WhyMissing(Tool.Etcd34));

    /// <summary>The system's, whose packages are Debian's: one that comes first in PATH may be another.</summary>
    public static string Python => Find("PYTHON", "") ?? (File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3");

    public static string Patroni => Find("PATRONI", "patroni") ?? throw new InvalidOperationException(WhyMissing(Tool.Patroni));

    /// <summary>The script itself: what lies in PATH insists on a user of its own.</summary>
    public static string RabbitMq => FindRabbitMq() ?? throw new InvalidOperationException(WhyMissing(Tool.RabbitMq));

    public static string Epmd => Find("EPMD", "epmd") ?? throw new InvalidOperationException(WhyMissing(Tool.RabbitMq));

    public static string Prometheus => Find("PROMETHEUS", "prometheus") ?? throw new InvalidOperationException(WhyMissing(Tool.Prometheus));

    public static string Promtool => Beside(Prometheus, "promtool") ?? throw new InvalidOperationException(WhyMissing(Tool.Prometheus));

    /// <summary>Where postgres and initdb lie; null when they are nowhere.</summary>
    public static string? PostgresFolder => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
        : Find("INITDB", "initdb") is { } initdb ? Path.GetDirectoryName(initdb) : null;

    /// <summary>Null when the tool is there, otherwise a sentence that names it.</summary>
    public static string? WhyMissing(Tool tool) => Missing.GetOrAdd(tool, static tool => tool switch
    {
        Tool.Etcdctl => Find("ETCDCTL", "etcdctl") is null ? "etcdctl is missing: put it in PATH or set ETCDCTL" : null,
        Tool.Etcd => Find("ETCD", "etcd") is null ? "etcd is missing: put it in PATH or set ETCD" : null,
        Tool.Etcdutl => FindEtcdutl() is null ? "etcdutl is missing: put it in PATH, beside ETCD, or set ETCDUTL" : null,
        Tool.Etcd34 => Find("ETCD_V2", "etcd-3.4") is not { } etcd ? "etcd 3.4 is missing: set ETCD_V2"
            : Beside(etcd, "etcdctl") is null ? $"etcdctl 3.4 is missing beside {etcd}" : null,
        Tool.PythonClients => Succeeds(Python, "-c", "import etcd, etcd3, etcd3gw, tooz") ? null : $"{Python} lacks etcd3, etcd3gw, python-etcd or tooz",
        Tool.NodeClients => Succeeds("node", "-e", "require('etcd3'), require('node-etcd')") ? null : "node, or etcd3 and node-etcd in NODE_PATH, are missing",
        Tool.OwnResolver => Succeeds("unshare", "--mount", "mount", "--bind", "/etc/hosts", "/etc/resolv.conf") ? null : "a name server of a test's own needs root, unshare and mount",
        Tool.Patroni => Find("PATRONI", "patroni") is null ? "patroni is missing: put it in PATH or set PATRONI"
            : PostgresFolder is null ? "PostgreSQL's server programs are missing" : null,
        Tool.RabbitMq => FindRabbitMq() is null ? "RabbitMQ's server is missing: install rabbitmq-server or set RABBITMQ_SERVER"
            : Find("EPMD", "epmd") is null ? "epmd is missing: put it in PATH or set EPMD" : null,
        Tool.Prometheus => Find("PROMETHEUS", "prometheus") is not { } prometheus ? "prometheus is missing: put it in PATH or set PROMETHEUS"
            : Beside(prometheus, "promtool") is null ? $"promtool is missing beside {prometheus}" : null,
        Tool.Jq => Find("", "jq") is null ? "jq is missing: put it in PATH" : null,
        _ => Succeeds("docker", "info") && Succeeds("docker", "compose", "version")
            ? null
            : "a container engine (docker with compose v2) is missing or not running",
    });

    private static string? FindRabbitMq()
    {
        const string Debian = "/usr/lib/rabbitmq/bin/rabbitmq-server";
        return Find("RABBITMQ_SERVER", "") ?? (File.Exists(Debian) ? Debian : null);
    }

    private static string? FindEtcdutl() => Find("ETCDUTL", "etcdutl") ?? (Find("ETCD", "etcd") is { } etcd ? Beside(etcd, "etcdutl") : null);

    private static string? Beside(string program, string other)
    {
        var path = Path.Combine(Path.GetDirectoryName(program)!, other);
        return File.Exists(path) ? path : null;
    }

    private static string? Find(string variable, string program)
    {
        var given = Environment.GetEnvironmentVariable(variable);
        if (!string.IsNullOrEmpty(given))
            return File.Exists(given) ? given : null;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
    }

    private static bool Succeeds(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return process.WaitForExit(TimeSpan.FromSeconds(20)) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // No such program.
        }
    }
}
