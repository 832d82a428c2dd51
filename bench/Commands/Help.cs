using Bench.Workloads;

namespace Bench.Commands;

/// <summary>What <c>--help</c> prints.</summary>
internal static class Help
{
    public static readonly string Text = $"""
        usage: bench [compare] [--quick] [--rounds N] [--seconds S] [--warmup S] [--cold-seconds S] [--hot-seconds S]
                     [--members 1|3|all] [--only PART-OF-ROW-NAME] [--etcd PATH] [--ours PATH] [--work-dir DIR] [--output FILE.md]
                 Starts real etcd (from the PATH unless --etcd) and our standalone server, one member of each and then three, every member with a
                 fresh data directory, runs every load against both in turns and prints a Markdown report; --output also puts it between the
                 marks in FILE.md.

               bench failover [--rounds N] [--clients N] [--server both|ours|etcd] [--before S] [--after S] [--etcd PATH] [--ours PATH]
                     [--work-dir DIR] [--output FILE.md]
                 Three members, clients writing to the two that do not lead; kills the leader, shows how long no write was acknowledged and what
                 the clients were refused, starts it again, and so on.

               bench compaction [--rounds N] [--revisions N] [--keys N] [--clients N] [--seconds S] [--server both|ours|etcd] [--etcd PATH] [--ours PATH]
                     [--work-dir DIR] [--output FILE.md]
                 One member: writes so many revisions, then measures puts while nothing else goes on and while all of these revisions are compacted
                 away, the removal from the database included.

               bench watch [--rounds N] [--seconds S] [--hot-seconds S] [--parts delivery,catch-up,idle] [--only PART-OF-ROW-NAME] [--revisions N] [--idle N]
                     [--streams N] [--etcd PATH] [--ours PATH] [--work-dir DIR] [--output FILE.md]
                 One member each: delivery to many watchers in several shapes, slow ones beside them; one watch that reads --revisions of history; the memory of
                 --idle watches on --streams streams.

               bench leases [--rounds N] [--live N] [--ending N] [--clients N] [--putters N] [--seconds S] [--server both|ours|etcd] [--etcd PATH]
                     [--ours PATH] [--work-dir DIR] [--output FILE.md]
                 One member: grants so many leases, measures keep-alives among them and the memory that they take, then lets others end in one
                 second and measures puts beside that.

               bench wal [--rounds N] [--seconds S] [--work-dir DIR] [--output FILE.md]
                 Throughput of the log and of the consensus service as a share of what writes with fdatasync reach on the disk of --work-dir.

               bench storage [--rounds N] [--keys N] [--many-keys N] [--parts local,tree,servers] [--etcd PATH] [--ours PATH] [--work-dir DIR]
                     [--output FILE.md]
                 The state machine in this process over --keys keys: an apply, a range, memory, opening (also with --many-keys); the tree beside LMDB (needs liblmdb0);
                 and the memory and start of etcd and our standalone server with the same keys.

               bench large [--gigabytes G] [--value-bytes B] [--rounds N] [--ours PATH] [--work-dir DIR] [--output FILE.md]
                 Puts into a store of so many gigabytes, in turns with puts into an empty one; needs about twice that much disk.

               bench tracing [--rounds N] [--seconds S] [--clients N] [--share R] [--ours PATH] [--work-dir DIR] [--output FILE.md]
                 Processor time of a request at a server that exports traces of the share R of requests, 0 unless told otherwise, over that at one without traces.

               bench load --endpoint URL[,URL...] --workload {WorkloadNames.All}
                     [--clients N] [--connections C] [--seconds S] [--warmup S] [--value-bytes B] [--keys N] [--prefill N]
                     [--watchers N] [--streams N] [--slow-watchers N] [--rate PUTS-PER-SECOND] [--pid PROCESS[,PROCESS...]] [--client raw|grpc-net]
                 One load against a running server, or against several with the connections spread over them; ends with code 1 when any answer was not the expected one.

               bench self-check
                 Checks the HTTP/2 client against known byte sequences, and the sizes that wal compares.
        """;
}
