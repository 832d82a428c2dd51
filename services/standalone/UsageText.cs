using System.Text;
using Standalone.Flags;

namespace Standalone;

/// <summary>Output of <c>--help</c>.</summary>
internal static class UsageText
{
    public static string Lines { get; } = Build();

    private static string Build()
    {
        var text = new StringBuilder("""
            Usage:

              standalone [flags]
                Start a member of a store that speaks etcd's v3 and v2 API.

              standalone --version
                Show the version of the API and of the program.

              standalone -h | --help
                Show this text.

              standalone --config-file
                Path to a configuration file, in YAML with the names of the flags as keys. Other flags and variables are then ignored.

              standalone check [--data-dir DIR]
                Read every page of the data file of a member that is not running: 0 clean, 1 damaged, 2 cannot be opened.

              standalone snapshot restore <file> --data-dir <folder> [flags]
                Make the folder of a member of a new cluster from a snapshot that etcdctl saved.

              standalone snapshot status <file>
                Show what a snapshot holds.

              standalone mirror-v2 (--from <url> | --from-snapshot <file>) --to <url> [flags]
                Copy the v2 keys of one server, of this program or of etcd, to another, and follow what changes; or those of a snapshot file of etcd's (member/snap/*.snap).

              standalone discover --discovery <url> --name <name> --initial-advertise-peer-urls <urls> --data-dir <folder> [flags]
                Find the other members of a new cluster, in any of the ways below, for a consensus service that is a process of its own: prints the variables to start it with.

            Every flag has a variable: --data-dir and ETCD_DATA_DIR. Giving both is an error.
            The addresses of etcd 0.4 and 2.0 are understood, too: -addr, -bind-addr, -peer-addr, -peer-bind-addr, each as host:port.

            """);
        foreach (var group in FlagGroups.All)
            Append(text, group, FlagTable.All.Values.Where(flag => flag.Effect is not null && FlagGroups.Of(flag.Name) == group));
        text.Append("\nAccepted so that existing scripts work, without effect:\n");
        foreach (var flag in Ordered(FlagTable.All.Values.Where(flag => flag.Effect is null)))
            text.Append($"  --{flag.Name}\n    {char.ToUpperInvariant(flag.Reason![0])}{flag.Reason[1..]}.\n");
        return text.ToString();
    }

    private static void Append(StringBuilder text, string group, IEnumerable<Flag> flags)
    {
        var ordered = Ordered(flags).ToList();
        if (ordered.Count == 0)
            return;
        text.Append($"\n{group}:\n");
        foreach (var flag in ordered)
            text.Append($"  --{flag.Name} '{Shown(flag)}'\n    {char.ToUpperInvariant(flag.Effect![0])}{flag.Effect[1..]}.\n");
    }

    private static string Shown(Flag flag) => flag.Name switch
    {
        "data-dir" => "${name}.etcd",
        "initial-cluster" => "${name}=http://localhost:2380",
        "listen-client-urls" => "http://127.0.0.1:2379,http://127.0.0.1:4001",
        _ => flag.Default,
    };

    private static IOrderedEnumerable<Flag> Ordered(IEnumerable<Flag> flags) => flags.OrderBy(static flag => flag.Name, StringComparer.Ordinal);
}
