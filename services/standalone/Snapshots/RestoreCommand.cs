using Consensus.Host;
using Consensus.Host.Service;
using Hosting.Logging;
using Microsoft.Extensions.Logging;
using Standalone.Flags;
using Standalone.Member;
using Storage.Core.Database;
using Storage.Host.Restore;

namespace Standalone.Snapshots;

/// <summary>
/// <c>snapshot restore FILE</c>: makes the data directory of an initial member of a new cluster, which begins with what the snapshot holds. Run with the same
/// file, initial cluster and token for every member.
/// </summary>
internal static class RestoreCommand
{
    public static readonly CommandUsage Usage = new(
        "standalone snapshot restore <filename> --data-dir {output dir} [flags]",
        [
            new("bump-revision", CommandFlagKind.UInt, "0", "How much to increase the latest revision after restore"),
            new("consensus-dir", CommandFlagKind.Text, "", "Instead of --data-dir: the directory of a consensus process of its own, for the log"),
            new("data-dir", CommandFlagKind.Text, "", "Path to the output data directory"),
            new(
                "initial-advertise-peer-urls", CommandFlagKind.Text, "http://localhost:2380",
                "List of this member's peer URLs to advertise to the rest of the cluster"),
            new("initial-cluster", CommandFlagKind.Text, "default=http://localhost:2380", "Initial cluster configuration for restore bootstrap"),
            new("initial-cluster-token", CommandFlagKind.Text, "etcd-cluster", "Initial cluster token for the etcd cluster during restore bootstrap"),
            new("initial-memory-map-size", CommandFlagKind.UInt, "0", "Accepted without effect: the size of the data file has no such bound"),
            new(
                "mark-compacted", CommandFlagKind.Bool, "false",
                "Mark the latest revision after restore as compacted (required if --bump-revision > 0, disallowed otherwise)"),
            new("name", CommandFlagKind.Text, "default", "Human-readable name for this member"),
            new("skip-hash-check", CommandFlagKind.Bool, "false", "Ignore snapshot integrity hash value (required if copied from data directory)"),
            new("storage-dir", CommandFlagKind.Text, "", "Instead of --data-dir: the directory of a storage process of its own, for the state"),
            new("wal-dir", CommandFlagKind.Text, "", "Accepted without effect: the log lies in the data directory"),
            SnapshotCommand.WriteOut,
        ]);

    public static async Task RunAsync(CommandArguments arguments)
    {
        var targets = RestoreTargets.Of(arguments);
        if (arguments.Others.Count != 1)
            throw CommandRefusedException.Arguments("snapshot restore requires exactly one argument");
        var bump = arguments.UInt("bump-revision");
        if (bump > 0 != arguments.Bool("mark-compacted"))
            throw CommandRefusedException.Arguments("--mark-compacted required if --revision-bump > 0");
        if (bump > long.MaxValue)
            throw CommandRefusedException.Arguments($"--bump-revision must lie between 0 and {long.MaxValue}");
        var member = MemberOf(arguments);
        targets.RequireEmpty();

        using var factory = LoggerFactory.Create(static logging => logging.UseEtcdLogging(LogLevel.Information));
        var logger = factory.CreateLogger("Standalone.Snapshots");
        var path = arguments.Others[0];
        if (arguments.IsSet("wal-dir"))
            StandaloneLog.StartWarning(logger, "flag has no effect yet", "wal-dir");
        StandaloneLog.Restoring(logger, path, targets.Shown);
        using var file = SnapshotCommand.Open("open", path, SnapshotFile.Open);
        if (!arguments.Bool("skip-hash-check"))
            RequireDigest(file);
        var options = new RestoreOptions
        {
            Configuration = RestoredLog.ConfigurationOf(member), BumpRevision = (long)bump, MarkCompacted = arguments.Bool("mark-compacted"),
        };
        var state = await targets.FillAsync(member, file, options).ConfigureAwait(false);
        StandaloneLog.Restored(logger, path, targets.Shown, state.Revision);
    }

    private static ConsensusOptions MemberOf(CommandArguments arguments)
    {
        var (name, initialCluster, advertised) =
            (arguments.Text("name"), arguments.Text("initial-cluster"), arguments.Text("initial-advertise-peer-urls"));
        var complaint = InitialClusterCheck.UrlComplaint(initialCluster) ?? MemberUrls.Complaint(advertised)
            ?? InitialClusterCheck.Complaint(initialCluster, name, MemberUrls.Split(advertised));
        if (complaint is not null)
            throw CommandRefusedException.Failure(complaint);
        return new ConsensusOptions
        {
            // Each target has its own.
            DataDirectory = "",
            Name = name,
            InitialCluster = initialCluster,
            PeerUrls = MemberUrls.Split(advertised),
            Token = arguments.Text("initial-cluster-token"),
        };
    }

    private static void RequireDigest(SnapshotFile file)
    {
        if (!file.HasDigest)
            throw CommandRefusedException.Failure("snapshot missing hash but --skip-hash-check=false");
        var (stored, computed) = file.Digests();
        if (!stored.AsSpan().SequenceEqual(computed))
            throw CommandRefusedException.Failure($"expected sha256 [{string.Join(' ', stored)}], got [{string.Join(' ', computed)}]");
    }
}
