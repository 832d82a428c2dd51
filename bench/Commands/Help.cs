using Bench.Workloads;

namespace Bench.Commands;

/// <summary>What <c>--help</c> prints.</summary>
internal static class Help
{
    public static readonly string Text = $"""
        usage: bench [compare] [--quick] [--rounds N] [--seconds S] [--warmup S] [--cold-seconds S] [--hot-seconds S]
                     [--only PART-OF-ROW-NAME] [--etcd PATH] [--ours PATH] [--work-dir DIR] [--output FILE.md]
                 Starts real etcd (from the PATH unless --etcd) and our standalone server, each with a fresh data directory, runs every load
                 against both in turns and prints a Markdown report; --output also puts it between the marks in FILE.md.

               bench load --endpoint URL --workload {WorkloadNames.All}
                     [--clients N] [--connections C] [--seconds S] [--warmup S] [--value-bytes B] [--keys N] [--prefill N]
                     [--watchers N] [--streams N] [--rate PUTS-PER-SECOND] [--pid SERVER-PROCESS] [--client raw|grpc-net]
                 One load against a running server; ends with code 1 when any answer was not the expected one.

               bench self-check
                 Checks the HTTP/2 client against known byte sequences.
        """;
}
