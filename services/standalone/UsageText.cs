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
                Start a one-member store that speaks etcd's v3 and v2 API.
              standalone check [--data-dir DIR]
                Read every page of the data file of a member that is not running: 0 clean, 1 damaged, 2 cannot be opened.
              standalone snapshot restore <file> --data-dir <folder> [flags]
                Make the folder of a member of a new cluster from a snapshot that etcdctl saved.
              standalone snapshot status <file>
                Show what a snapshot holds.
              standalone --version
                Show the version of the API and of the program.
              standalone -h | --help
                Show this text.

            Every flag has a variable: --data-dir and ETCD_DATA_DIR. Giving both is an error.

            Flags:


            """);
        foreach (var flag in FlagTable.All.Values.Where(flag => flag.Effect is not null).OrderBy(flag => flag.Name, StringComparer.Ordinal))
        {
            var shown = flag.Name switch
            {
                "data-dir" => "<name>.etcd",
                "initial-cluster" => "<name>=http://localhost:2380",
                "listen-client-urls" => "http://127.0.0.1:2379,http://127.0.0.1:4001",
                _ => flag.Default,
            };
            text.Append($"  --{flag.Name} '{shown}'\n    {flag.Effect}\n");
        }
        text.Append("\nAccepted so that existing scripts work, without effect yet:\n\n");
        foreach (var flag in FlagTable.All.Values.Where(flag => flag.Effect is null).OrderBy(flag => flag.Name, StringComparer.Ordinal))
            text.Append($"  --{flag.Name}\n");
        return text.ToString();
    }
}
