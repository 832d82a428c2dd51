using System.Diagnostics;
using System.Runtime.InteropServices;
using Storage.Contracts;
using WatchHub.Core.FanOut;
using WatchHub.Core.Watchers;

namespace WatchHub.Core;

/// <summary>Catch-up: watchers that start in the past or fell behind read the window or storage's history until they are synced.</summary>
public sealed partial class HubCore
{
    private readonly Queue<Watcher> _waitingForHistory = new();
    private readonly List<HistoryRequest> _historyRequests = [];
    private readonly List<ReadOnlyMemory<byte>> _chunk = [];
    private readonly List<int> _chunkEvents = [];

    // The form that the watcher wants of each of these: with prev_kv it is made when asked for, so it is asked for once.
    private readonly List<ReadOnlyMemory<byte>> _chunkForms = [];
    private int _historyInFlight;

    // v2: where its caller was when the watch began. Later revisions are delivered by the rules of live delivery (hidden keys are skipped) also when they are read from history,
    // because it fell behind or came from another hub; those before by the rules of history.
    private readonly Dictionary<Watcher, long> _liveAfter = [];

    // v2, Unsynced: what its caller takes for history has not been fed yet.
    private readonly List<Watcher> _aheadOfFeed = [];

    /// <summary>True when <see cref="CatchUp"/> has more to do without any further input.</summary>
    public bool HasCatchUpWork => _unsynced.Count > 0;

    /// <summary>
    /// Lets watchers in catch-up go on, one after the other, until about <paramref name="maxRevisions"/> revisions were looked at: live
    /// delivery is never kept waiting for long.
    /// </summary>
    public void CatchUp(int maxRevisions)
    {
        while (maxRevisions > 0 && _unsynced.TryDequeue(out var watcher))
        {
            maxRevisions--;
            if (watcher.Set == WatcherSet.Unsynced)
                maxRevisions -= CatchUp(watcher);
        }
        SettleProgress();
    }

    /// <summary>Takes the history that is to be fetched; each is answered by <see cref="HistoryArrived"/>.</summary>
    public void TakeHistoryRequests(List<HistoryRequest> into)
    {
        into.AddRange(_historyRequests);
        _historyRequests.Clear();
    }

    /// <summary>History asked for has come.</summary>
    public void HistoryArrived(HistoryRequest request, HistoryBatch batch)
    {
        _historyInFlight--;
        while (_historyInFlight < _limits.HistoryRequests && _waitingForHistory.TryDequeue(out var waiting))
            if (waiting.Set == WatcherSet.Unsynced)
                AskForHistory(waiting);

        var watcher = request.Watcher;
        if (watcher.Set != WatcherSet.Unsynced)
            return;
        if (batch.CompactRevision > watcher.Next && Has(HubDefects.SkipsWhatIsCompacted))
            watcher.Next = batch.CompactRevision;
        if (batch.CompactRevision > watcher.Next)
        {
            _compacted = Math.Max(_compacted, batch.CompactRevision);
            CancelCompacted(watcher);
            return;
        }
        Deliver(watcher, batch.Revisions, 0, batch.Revisions.Count);
        if (watcher.Set != WatcherSet.Unsynced)
            return;
        watcher.Next = Math.Max(watcher.Next, Has(HubDefects.OneHistoryIsEnough) ? request.To : batch.NextRevision);
        _unsynced.Enqueue(watcher);
    }

    private int CatchUp(Watcher watcher)
    {
        if (LiveAfter(watcher) > _current && !Has(HubDefects.TakesHistoryForLive))
            _aheadOfFeed.Add(watcher);
        else if (!watcher.Session.HasRoom)
            MoveToBlocked(watcher, watcher.Next);
        else if (watcher.Next > _current)
            MoveToSynced(watcher);
        else if (watcher.Next >= _window.From)
            return CatchUpFromWindow(watcher);
        else if (watcher.Next < _compacted)
            CancelCompacted(watcher);
        else if (_historyInFlight < _limits.HistoryRequests)
            AskForHistory(watcher);
        else
            _waitingForHistory.Enqueue(watcher);
        return 0;
    }

    private int CatchUpFromWindow(Watcher watcher)
    {
        var from = _window.IndexOf(watcher.Next);
        var to = Math.Min(_window.Count, from + _limits.CatchUpRevisions);
        Deliver(watcher, _window, from, to);
        if (watcher.Set != WatcherSet.Unsynced)
            return to - from;
        if (to == _window.Count || Has(HubDefects.SyncedAfterOnePiece))
        {
            // A synced watcher's Next is only a lower bound, and everything up to the current revision is staged.
            watcher.Next = _current + 1;
            MoveToSynced(watcher);
        }
        else
        {
            watcher.Next = _window[to].Revision;
            _unsynced.Enqueue(watcher);
        }
        return to - from;
    }

    // The feed has come further.
    private void CatchUpWithCallers()
    {
        if (_aheadOfFeed.Count == 0)
            return;
        _aheadOfFeed.RemoveAll(watcher =>
        {
            if (LiveAfter(watcher) > _current)
                return false;
            _unsynced.Enqueue(watcher);
            return true;
        });
    }

    private void AskForHistory(Watcher watcher)
    {
        _historyInFlight++;
        _historyRequests.Add(new HistoryRequest(
            watcher, watcher.Next, Math.Max(_window.From, watcher.Next + 1), _limits.HistoryBytes));
    }

    /// <summary>
    /// Stages what matches among revisions [from, to) of a list, several revisions a message. Moves <see cref="Watcher.Next"/>
    /// behind what was staged; leaves the watcher Blocked when its session had no room for the rest.
    /// </summary>
    private void Deliver(Watcher watcher, IReadOnlyList<RevisionEvents> revisions, int from, int to)
    {
        var chunk = new Chunk();
        for (var i = from; i < to; i++)
        {
            var revision = revisions[i];
            if (revision.Revision < watcher.Next)
                continue;
            var bytes = SelectMatching(watcher, revision);
            if (_chunkEvents.Count == 0)
                continue;
            if (!watcher.Session.HasRoom)
            {
                Flush(watcher, ref chunk);
                MoveToBlocked(watcher, revision.Revision);
                return;
            }
            watcher.Flags |= WatcherFlags.Active;
            _events += _chunkEvents.Count;
            if (_space == KeySpace.V2)
            {
                StageDocuments(watcher, revision, _chunkEvents, revision.Trace);
                watcher.Next = revision.Revision + 1;
                continue;
            }
            if (chunk.Revisions > 0 && chunk.Bytes + bytes > _limits.MessageBytes)
            {
                Flush(watcher, ref chunk);
                if (!watcher.Session.HasRoom)
                {
                    MoveToBlocked(watcher, revision.Revision);
                    return;
                }
            }
            Append(revision, bytes, ref chunk);
            if (chunk.Revisions == _limits.CatchUpRevisions)
                Flush(watcher, ref chunk);
        }
        Flush(watcher, ref chunk);
    }

    private int SelectMatching(Watcher watcher, RevisionEvents revision)
    {
        _chunkEvents.Clear();
        _chunkForms.Clear();
        var bytes = 0;
        var previous = WantsPrevious(watcher, revision);
        for (var i = 0; i < revision.Events.Count; i++)
        {
            var candidate = revision.Events[i];
            if (!_index.Matches(watcher.Group, candidate, live: revision.Revision > LiveAfter(watcher) && !Has(HubDefects.CatchUpShowsHidden)))
                continue;
            if (revision.Revision == _compacted && IsSuperseded(revision, i))
                continue;
            var form = EventFields.Select(candidate, previous);
            _chunkEvents.Add(i);
            _chunkForms.Add(form);
            bytes += EventFields.SizeOf(form);
        }
        return bytes;
    }

    // Of the compacted revision itself, compaction keeps each key's last change: the window must show what storage would.
    private static bool IsSuperseded(RevisionEvents revision, int position)
    {
        for (var later = position + 1; later < revision.Events.Count; later++)
            if (revision.Events[later].Key.Span.SequenceEqual(revision.Events[position].Key.Span))
                return true;
        return false;
    }

    // As in etcd, the previous value is what a read at the revision before would find, and below the compacted revision nothing is found.
    private bool WantsPrevious(Watcher watcher, RevisionEvents revision) =>
        (watcher.Group.Shape & GroupShape.PreviousValue) != 0 && !Has(HubDefects.CatchUpWithoutPrevious) && revision.Revision > _compacted;

    private long LiveAfter(Watcher watcher) => _space == KeySpace.V2 ? _liveAfter[watcher] : 0;

    private void Append(RevisionEvents revision, int bytes, ref Chunk chunk)
    {
        _chunk.AddRange(_chunkForms);
        if (chunk.Revisions == 0)
            chunk.Trace = revision.Trace;
        chunk.Revisions++;
        chunk.Bytes += bytes;
        chunk.LastRevision = revision.Revision;
    }

    private void Flush(Watcher watcher, ref Chunk chunk)
    {
        if (chunk.Revisions == 0)
            return;
        var fields = EventFields.Encode(CollectionsMarshal.AsSpan(_chunk));
        _chunk.Clear();
        StageFields(watcher, Content(fields, _current, chunk.LastRevision, chunk.Trace));
        watcher.Next = chunk.LastRevision + 1;
        chunk = new Chunk();
    }

    private record struct Chunk(int Revisions, int Bytes, long LastRevision, ActivityContext Trace);
}
