using System.Runtime.CompilerServices;
using Storage.Contracts;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.State;
using Storage.Core.V2;

namespace Storage.Host.Service;

/// <summary>
/// The feeds. They go on over an installed snapshot: revisions are the same on every replica. Consumers pull, each at its own pace: what they have not pulled stays in the hot tail or in the tree, so a slow one costs nothing.
/// </summary>
internal sealed class Feeds(PublishedState state, ViewSignal signal, ReadGuard reads)
{
    private const int MaxBatchBytes = 1024 * 1024;

    public async IAsyncEnumerable<FeedBatch> RevisionsAsync(
        KeySpace space, long fromRevision, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var next = fromRevision > 0 ? fromRevision : Newest(space, state.Current) + 1;
        FeedBatch? last = null;
        while (true)
        {
            var view = state.Current;
            var batch = Read(space, next);
            if (batch.CompactRevision != 0)
                throw new RevisionCompactedException(batch.CompactRevision);
            next = batch.NextRevision;
            var compact = space == KeySpace.V3 ? view.CompactRevision : view.V2.FirstEvent;
            var feed = new FeedBatch(batch.Revisions, Math.Min(next - 1, Newest(space, state.Current)), compact, view.AppliedTerm);
            // Without events a batch is a mark; one that says nothing new is not sent.
            if (feed.Revisions.Count > 0 || last is null || feed.CurrentRevision != last.CurrentRevision
                || feed.CompactRevision != last.CompactRevision || feed.Term != last.Term)
            {
                yield return feed;
                last = feed;
            }
            if (next > Newest(space, view))
                await signal.WaitAsync(view, cancellation).ConfigureAwait(false);
            else
                cancellation.ThrowIfCancellationRequested();
        }
    }

    public async IAsyncEnumerable<LeaseBatch> LeasesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        StateView? seen = null;
        long next = 0;
        while (true)
        {
            var view = state.Current;
            var changes = view.Leases.Changes;
            // A consumer that fell behind what is remembered is told everything afresh; so are all when a snapshot was installed, which remembers nothing.
            var reset = seen is null || next < changes.First || view.Tree != seen.Tree;
            IReadOnlyList<LeaseChange> news = reset ? view.Leases.All() : Since(view, next);
            next = changes.Next;
            if (reset || view.AppliedIndex != seen!.AppliedIndex)
            {
                yield return new LeaseBatch(
                    reset, news, view.AppliedIndex, view.Revision, view.AppliedTerm, view.Leases.Claim, view.V2.NextExpiryUnixNanos);
            }
            seen = view;
            await signal.WaitAsync(view, cancellation).ConfigureAwait(false);
        }
    }

    private HistoryBatch Read(KeySpace space, long from) => reads.Run(
        (state, space, from),
        static read => read.space == KeySpace.V3
            ? HistoryReader.Read(read.state, new KeyRange([0], [0]), read.from, long.MaxValue, MaxBatchBytes)
            : V2History.Read(read.state, "/", V2History.Scope.Everything, read.from, long.MaxValue, MaxBatchBytes));

    private static List<LeaseChange> Since(StateView view, long from)
    {
        var changes = view.Leases.Changes;
        var news = new List<LeaseChange>((int)(changes.Next - from));
        for (var number = from; number < changes.Next; number++)
            news.Add(changes[number]);
        return news;
    }

    private static long Newest(KeySpace space, StateView view) => space == KeySpace.V3 ? view.Revision : view.V2.Index;
}
