using System.Diagnostics;
using Consensus.Contracts;
using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core.FanOut;
using WatchHub.Core.Sessions;
using WatchHub.Core.Watchers;

namespace WatchHub.Core;

/// <summary>Live delivery: a revision comes in and goes to every synced watcher that matches.</summary>
public sealed partial class HubCore
{
    /// <summary>The next revision of the feed. One that was applied before is ignored.</summary>
    /// <param name="revision">All events of the revision.</param>
    /// <param name="term">For headers.</param>
    /// <param name="trace">Span of this fan-out, when sampled.</param>
    public void Apply(RevisionEvents revision, Term term, ActivityContext trace)
    {
        _term = term;
        if (revision.Revision <= _current)
            return;
        _current = revision.Revision;
        if (_watchers == 0)
        {
            _window.Skip(revision.Revision);
            return;
        }
        _window.Add(revision);
        _matches.Collect(revision, _index);
        for (var slot = 0; slot < _matches.Count; slot++)
            if (_matches.Group(slot).Synced.Count > 0)
                FanOut(slot, revision, trace);
        _matches.Clear();
        CatchUpWithCallers();
    }

    /// <summary>Everything up to <paramref name="current"/> has been fed; what is below <paramref name="compacted"/> is gone.</summary>
    public void Advance(long current, long compacted, Term term)
    {
        _term = term;
        var isGap = _isFeedLost && current > _current;
        _isFeedLost = false;
        if (current > _current)
        {
            var missed = _current + 1;
            _current = current;
            if (isGap || _window.Count == 0)
                _window.Restart(current + 1);
            if (isGap && !Has(HubDefects.StaysSyncedWithoutFeed))
                CatchUpFrom(missed);
            CatchUpWithCallers();
        }
        if (compacted <= _compacted)
            return;
        _compacted = compacted;
        // Idle watches have missed nothing: whoever has to open one of them elsewhere must know, or it would be told that it did.
        foreach (var session in _sessions)
            RequestProgress(session);
    }

    /// <summary>
    /// The feed cannot go on where it was: the next <see cref="Advance"/> says where it goes on. Until then nothing is known to have happened; then whatever watches
    /// catches up with what lies between.
    /// </summary>
    public void FeedLost() => _isFeedLost = true;

    // Who was synced before the gap, or since: all of it is missing.
    private void CatchUpFrom(long missed)
    {
        foreach (var session in _sessions)
            foreach (var watcher in session.Watchers)
                if (watcher.Set == WatcherSet.Synced && watcher.Next <= _current)
                    MoveToUnsynced(watcher, Math.Max(watcher.Next, missed));
    }

    private void FanOut(int slot, RevisionEvents revision, ActivityContext trace)
    {
        var group = _matches.Group(slot);
        var content = _space == KeySpace.V3 ? Content(_matches.Fields(slot), revision.Revision, revision.Revision, trace) : null;

        // From the end: a watcher that turns Blocked leaves the array under the loop.
        for (var i = group.Synced.Count - 1; i >= 0; i--)
        {
            var watcher = group.Synced[i];
            if (revision.Revision < watcher.Next)
                continue;
            if (!watcher.Session.HasRoom)
            {
                MoveToBlocked(watcher, revision.Revision);
                continue;
            }
            watcher.Flags |= WatcherFlags.Active;
            _events += _matches.Events(slot).Count;
            if (content is not null)
                StageFields(watcher, content);
            else
                StageDocuments(watcher, revision, _matches.Events(slot), trace);
        }
    }

    private void StageFields(Watcher watcher, WatchContent content)
    {
        while (watcher.Is(WatcherFlags.Fragment) && content.Events.Length > _limits.MessageBytes)
        {
            var length = EventFields.FragmentLength(content.Events.Span, _limits.MessageBytes);
            if (length == content.Events.Length)
                break;
            Stage(watcher, content with { Events = content.Events[..length], Fragment = !Has(HubDefects.SplitsSilently) });
            content = content with { Events = content.Events[length..] };
        }
        Stage(watcher, content);
    }

    // v2: one event a message, as every line of the v2 API is one.
    private void StageDocuments(Watcher watcher, RevisionEvents revision, List<int> events, ActivityContext trace)
    {
        for (var i = 0; i < events.Count; i++)
        {
            var content = Content(revision.Events[events[i]].Event, revision.Revision, revision.Revision, trace);
            Stage(watcher, i + 1 < events.Count ? content with { Fragment = true } : content);
        }
    }

    private WatchContent Content(ReadOnlyMemory<byte> events, long header, long last, ActivityContext trace) =>
        new(WatchMessageKind.Events, header, last, _term, events, Fragment: false, CompactRevision: 0, trace);

    private static void Stage(Watcher watcher, WatchContent content) =>
        watcher.Session.Stage(new WatchMessage(watcher.WatchId, content));
}
