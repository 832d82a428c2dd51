using System.Collections.Immutable;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Core.Wal;
using Consensus.Host.Identity;
using Microsoft.Extensions.Logging;

namespace Consensus.Host.Service;

/// <summary>How a member comes to its log: it has one, it begins one with the other initial members, or it joins a cluster that runs.</summary>
internal static class Recovery
{
    /// <summary>Term of the entry that every initial member begins its log with; the first leader has the next.</summary>
    private static readonly Term s_bootstrapTerm = new(1);

    /// <summary>The log, and for a member that has not learned from it who the others are: where they are all the same.</summary>
    public static async Task<(WriteAheadLog Wal, IReadOnlyList<Member> Seeds)> OpenAsync(
        ConsensusOptions options, ILogDisk disk, ILogger logger, CancellationToken cancellation)
    {
        var layout = new WalOptions { SegmentBytes = options.SegmentBytes };
        if (WriteAheadLog.Exists(disk))
        {
            var wal = Open(options, layout, disk, logger);
            // It joined and ended before the leader had told it anything.
            return (wal, wal.Configurations.Count > 0 ? [] : (await FetchAsync(options, cancellation).ConfigureAwait(false)).Members);
        }
        if (!options.JoinsExisting)
            return (await BootstrapAsync(options, layout, disk, cancellation).ConfigureAwait(false), []);
        var remote = await FetchAsync(options, cancellation).ConfigureAwait(false);
        var self = Match(InitialCluster.Parse(options), options.Name, remote);
        return (WriteAheadLog.Create(disk, layout, remote.Cluster, self, [], default), remote.Members);
    }

    private static WriteAheadLog Open(ConsensusOptions options, WalOptions layout, ILogDisk disk, ILogger logger)
    {
        var wal = WriteAheadLog.Open(disk, layout);
        if (wal.Torn.Bytes > 0)
            Log.TornTailCut(logger, wal.Torn.File, wal.Torn.Offset, wal.Torn.Bytes);
        try
        {
            // A removed member starts, too: it may have ended before the others knew of its removal, and they may wait for its vote.
            if (options.ForceNewCluster)
                ForceNewCluster(wal, logger);
            return wal;
        }
        catch
        {
            wal.Dispose();
            throw;
        }
    }

    /// <summary>The configurations of a recovered log, decoded.</summary>
    /// <exception cref="WalCorruptedException">An entry holds none that this version can read.</exception>
    public static IReadOnlyList<(LogIndex Index, ClusterConfiguration Configuration)> ConfigurationsOf(WriteAheadLog wal) =>
        [.. wal.Configurations.Select(stored => ConfigurationFormat.TryDecode(stored.Data.Span, out var configuration)
            ? (stored.Index, configuration)
            : throw new WalCorruptedException(wal.SegmentNames[^1], 0, $"the configuration at index {stored.Index} cannot be read by this version"))];

    private static async Task<WriteAheadLog> BootstrapAsync(
        ConsensusOptions options, WalOptions layout, ILogDisk disk, CancellationToken cancellation)
    {
        var identity = ClusterIdentity.Derive(options);
        if (identity.Members.GroupBy(member => member.Id).Any(group => group.Count() > 1))
            throw new FormatException("two members of the initial cluster have the same peer URLs");
        if (identity.Members.Length > 1)
            await RefuseSecondBootstrapAsync(options, identity, cancellation).ConfigureAwait(false);
        var configuration = ConfigurationFormat.Encode(new ClusterConfiguration { Members = identity.Members });
        var first = new LogIndex(1);
        return WriteAheadLog.Create(
            disk, layout, identity.Cluster, identity.Self,
            [new Entry(first, s_bootstrapTerm, EntryKind.Configuration, configuration)], new HardState(s_bootstrapTerm, default, first));
    }

    /// <summary>A member that lost its data must not come back as if it were new: it may have promised something that it forgot.</summary>
    private static async Task RefuseSecondBootstrapAsync(ConsensusOptions options, ClusterIdentity identity, CancellationToken cancellation)
    {
        var others = identity.Members.Where(member => member.Id != identity.Self).SelectMany(member => member.PeerUrls);
        var remote = await RemoteCluster.FetchAsync(others, options.PeerTls, RemoteCluster.BootstrapPatience, cancellation).ConfigureAwait(false);
        if (remote?.Members.FirstOrDefault(member => member.Id == identity.Self) is { ClientUrls.Count: > 0 })
            throw new JoinRefusedException($"member {identity.Self} has already been bootstrapped");
    }

    private static async Task<RemoteCluster> FetchAsync(ConsensusOptions options, CancellationToken cancellation)
    {
        var others = InitialCluster.Parse(options).Where(pair => pair.Key != options.Name).SelectMany(pair => pair.Value);
        return await RemoteCluster.FetchAsync(others, options.PeerTls, RemoteCluster.JoinPatience, cancellation).ConfigureAwait(false)
            ?? throw new JoinRefusedException("cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs");
    }

    /// <summary>The initial cluster must be the running one, this member already added; its id is the one it was added under.</summary>
    private static MemberId Match(SortedDictionary<string, List<string>> initial, string name, RemoteCluster remote)
    {
        var text = remote.ToText();
        if (initial.Count != remote.Members.Count)
            throw new JoinRefusedException($"error validating peerURLs {text}: member count is unequal");
        MemberId? self = null;
        foreach (var member in remote.Members)
        {
            var match = initial.FirstOrDefault(pair => UrlsOf(pair.Value).SetEquals(UrlsOf(member.PeerUrls)));
            if (match.Key is null)
            {
                throw new JoinRefusedException(
                    $"error validating peerURLs {text}: PeerURLs: no match found for existing member ({member.Id}, [{string.Join(' ', member.PeerUrls)}]), "
                    + $"last resolver error ({ComparisonOf(initial.Values.Last(), member.PeerUrls)})");
            }
            if (match.Key == name)
                self = member.Id;
        }
        return self ?? throw new JoinRefusedException($"error validating peerURLs {text}: this member is not one of them");
    }

    // In etcd's words: which pair it compared last, and failed, decides what it prints.
    private static string ComparisonOf(List<string> asked, IReadOnlyList<string> known) => asked.Count != known.Count
        ? $"len([{string.Join(' ', known.Select(url => $"\"{url}\""))}]) != len([{string.Join(' ', asked.Select(url => $"\"{url}\""))}])"
        : $"resolved urls: \"{known[0]}\" != \"{asked[0]}\"";

    private static HashSet<string> UrlsOf(IEnumerable<string> urls) => [.. urls.Select(url => url.TrimEnd('/'))];

    /// <summary>
    /// Adds a committed entry that removes everybody else. All of this log counts as committed: what a majority had acknowledged may be in it
    /// without this member knowing.
    /// </summary>
    private static void ForceNewCluster(WriteAheadLog wal, ILogger logger)
    {
        var known = ConfigurationsOf(wal);
        var current = known.Count > 0
            ? known[^1].Configuration
            : throw new JoinRefusedException("this member never learned who its cluster is: a new one cannot be made of it");
        var others = current.Members.Where(member => member.Id != wal.Member).Select(member => member.Id).ToArray();
        var own = current.Find(wal.Member)
            ?? throw new JoinRefusedException("the member has been permanently removed from the cluster");
        var alone = current with
        {
            Members = [own with { IsLearner = false }],
            OutgoingVoters = [],
            Removed = [.. current.Removed.Concat(others).Distinct().OrderBy(id => id.Value)],
        };
        _ = wal.CopyTerms().TryTermAt(wal.Last, out var lastTerm);
        var term = new Term(Math.Max(wal.HardState.Term.Value, lastTerm.Value) + 1);
        var index = wal.Last.Next;
        wal.Append(
            new HardState(term, wal.Member, index),
            [new Entry(index, term, EntryKind.Configuration, ConfigurationFormat.Encode(alone))], mustSync: true);
        Log.ForcedNewCluster(logger, string.Join(',', others));
    }
}
