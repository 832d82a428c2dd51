using ApiGateway.Core.Errors;
using Storage.Contracts;
using WatchHub.Contracts;

namespace ApiGateway.Core.Watching;

/// <summary>
/// The rules of one client watch stream: which ids its watches have, what is refused, and where each watch goes on when its
/// hub session is lost (I6).
/// </summary>
/// <remarks>
/// Towards the hub a watch has the client's id, unless the hub may still have something to say of an earlier watch of that id: then it gets one of its own. So a client
/// may cancel an id and create it again at once, as etcd allows, and no late message of the old watch is taken for the new one. Watches are many and mostly idle: what
/// is rare lies beside them.
/// Not thread-safe: the stream's shell locks.
/// </remarks>
public sealed class WatchStream
{
    private const string DuplicateId = "mvcc: duplicate watch ID provided on the WatchStream";
    private const string EmptyRange = "mvcc: watcher range is empty";
    private static readonly byte[] s_zero = [0];

    // A client that goes on asking for the compacted past without ever cancelling finds the ids beyond free.
    private const int MaxCompacted = 65_536;

    // By hub id.
    private readonly IdTable<Watch> _watches = new();

    // Hub ids that are not the client's, by client id.
    private readonly Dictionary<long, long> _aliases = [];

    // Hub ids in the order of creation, those that are not created yet among them.
    private readonly Queue<long> _uncreated = new();

    // By hub id: events of a watch that the client has got, or is to be spared, although their revision, or message, is not complete.
    private readonly Dictionary<long, PartlySent> _partlySent = [];

    // Client ids of watches that compaction ended: as with etcd they are taken until the client cancels them.
    private readonly HashSet<long> _compacted = [];
    private long _nextAlias = long.MinValue;
    private long _nextClientId;
    private bool _progressAsked;

    /// <summary>True while at least one watch lives.</summary>
    public bool HasWatches => _watches.Count > 0;

    /// <summary>Watches that live or are being cancelled.</summary>
    public int Count => _watches.Count;

    /// <summary>Decides about a create request. On success hands out what to ask the hub for; otherwise the refusal to send.</summary>
    /// <param name="command">A create.</param>
    /// <param name="seen">What this gateway has seen.</param>
    /// <param name="term">Raft term for the refusal's header.</param>
    public bool TryCreate(in WatchCommand command, SeenRevisions seen, ulong term, out WatchSpec? spec, out WatchReply refusal)
    {
        Invariant.Holds(command.Kind == WatchCommandKind.Create);
        spec = null;
        refusal = default;
        var key = command.Key.IsEmpty ? s_zero : command.Key.Span;
        if (command.StartRevision < 0)
            refusal = WatchReply.Refused(EtcdErrors.CompactedText, seen.Revision, term);
        else if (IsEmptyRange(key, command.RangeEnd.Span))
            refusal = WatchReply.Refused(EmptyRange, seen.Revision, term);
        else if (command.WatchId != 0 && (TryFind(command.WatchId, out _) || _compacted.Contains(command.WatchId)))
            refusal = WatchReply.Refused(DuplicateId, seen.Revision, term);
        if (refusal.Canceled)
            return false;

        var clientId = command.WatchId != 0 ? command.WatchId : NextFreeId();
        // Copies: the request that they came in goes, and the hub of this process keeps these very bytes.
        var hubId = HubIdFor(clientId);
        var (ownKey, rangeEnd) = (command.Key.IsEmpty ? s_zero : key.ToArray(), command.RangeEnd.ToArray());
        var watch = hubId == clientId
            ? new Watch(clientId, ownKey, rangeEnd, Wishes(command)) { Next = command.StartRevision }
            : new AliasedWatch(hubId, clientId, ownKey, rangeEnd, Wishes(command)) { Next = command.StartRevision };
        _watches.Add(watch);
        if (hubId != clientId)
            _aliases.Add(clientId, hubId);
        _uncreated.Enqueue(hubId);
        spec = SpecOf(watch, seen);
        return true;
    }

    /// <summary>Frees the client's id; true with the hub's id to cancel when there is such a watch. Unknown ids get no answer.</summary>
    public bool TryCancel(long clientId, out long hubId)
    {
        if (!TryFind(clientId, out hubId))
            return false;
        _watches.Find(hubId)!.State |= WatchState.CancelAsked;
        _aliases.Remove(clientId);
        return true;
    }

    /// <summary>Frees the id of a watch that compaction has ended; true when there is such a watch, which the client is told once more has ended.</summary>
    public bool TryCancelCompacted(long clientId, SeenRevisions seen, ulong term, out WatchReply reply)
    {
        reply = new WatchReply(seen.Revision, term, clientId, false, true, 0, "", false, default);
        return _compacted.Remove(clientId);
    }

    /// <summary>The client wants to know how far the stream is. False when it has no watches: then etcd does not answer.</summary>
    public bool TryAskProgress()
    {
        _progressAsked = HasWatches;
        return _progressAsked;
    }

    /// <summary>
    /// Takes a message in the shape that nearly all have: whole revisions, of which the client has nothing yet, in a header that need not be raised, and hands out the client's id for its watch. False: it is
    /// to be given to <see cref="TryAccept"/>.
    /// </summary>
    public bool TryAcceptWhole(in WatchMessage message, out long clientId)
    {
        clientId = 0;
        var content = message.Content;
        if (content.Kind != WatchMessageKind.Events || content.Fragment || _partlySent.Count > 0 || _watches.Find(message.WatchId) is not { } watch
            || content.Revision < watch.SentRevision)
            return false;
        watch.SentRevision = content.Revision;
        watch.GoOnAt(content.LastRevision + 1);
        clientId = watch.ClientId;
        return true;
    }

    /// <summary>Takes a message of the hub; true when the client gets <paramref name="reply"/> for it.</summary>
    public bool TryAccept(in WatchMessage message, out WatchReply reply)
    {
        reply = default;
        if (message.WatchId == WatchReply.NoWatch)
            return message.Kind == WatchMessageKind.Progress && AcceptStreamProgress(message, out reply);
        if (_watches.Find(message.WatchId) is not { } watch)
            return false;

        reply = new WatchReply(
            Math.Max(watch.SentRevision, message.Revision), message.Term.Value, watch.ClientId, message.Kind == WatchMessageKind.Created,
            message.Kind == WatchMessageKind.Canceled, message.CompactRevision, "", message.Fragment, message.Events);
        switch (message.Kind)
        {
            case WatchMessageKind.Created:
                watch.State |= WatchState.Known;
                // A watch opened again after a lost session: the client has its answer already.
                if (watch.IsCreated)
                    return false;
                watch.State |= WatchState.Created;
                if (watch.Next == 0)
                    watch.Next = message.Revision + 1;
                else if (watch.Next > message.Revision)
                    watch.State |= WatchState.StartsLater;
                watch.SentRevision = reply.Revision;
                ForgetCreated();
                return true;
            case WatchMessageKind.Events:
                watch.SentRevision = reply.Revision;
                if (message.Fragment || _partlySent.Count > 0)
                    return AcceptPart(message, watch, ref reply);
                watch.GoOnAt(message.LastRevision + 1);
                return true;
            case WatchMessageKind.Progress:
                // It means what it says: the hub keeps it from falling.
                reply = reply with { Revision = message.Revision };
                watch.SentRevision = Math.Max(watch.SentRevision, message.Revision);
                watch.GoOnAt(message.Revision + 1);
                return true;
            case WatchMessageKind.Canceled:
                Forget(watch);
                // etcd sends no revision with a watch that compaction overtook.
                if (message.CompactRevision != 0)
                {
                    reply = reply with { Revision = 0 };
                    // One that the client is cancelling already has got its answer by this.
                    if (!watch.Is(WatchState.CancelAsked) && _compacted.Count < MaxCompacted)
                        _compacted.Add(watch.ClientId);
                }
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// The hub session is lost, or left: what to ask of the next one, of watches that are not created yet in the order of the requests. Watches whose cancellation was
    /// under way end here, and <paramref name="canceled"/> answers them.
    /// </summary>
    public void Resume(SeenRevisions seen, ulong term, out List<WatchSpec> specs, out List<WatchReply> canceled)
    {
        specs = new List<WatchSpec>(_watches.Count);
        canceled = [];
        List<Watch> ended = [];
        foreach (var watch in _watches)
        {
            watch.State &= ~WatchState.Known;
            if (watch.Is(WatchState.CancelAsked))
            {
                ended.Add(watch);
                var revision = Math.Max(seen.Revision, watch.SentRevision);
                if (!watch.IsCreated)
                    canceled.Add(new WatchReply(revision, term, watch.ClientId, true, false, 0, "", false, default));
                canceled.Add(new WatchReply(revision, term, watch.ClientId, false, true, 0, "", false, default));
                continue;
            }
            if (watch.IsCreated)
                specs.Add(SpecOf(watch, seen));
            if (_partlySent.TryGetValue(watch.Id, out var partly))
                _partlySent[watch.Id] = new PartlySent(Sent: 0, ToSkip: partly.Sent + partly.ToSkip);
        }
        ended.ForEach(Forget);
        foreach (var hubId in _uncreated)
            if (_watches.Find(hubId) is { IsCreated: false } watch)
                specs.Add(SpecOf(watch, seen));
    }

    /// <summary>Whether a progress request of the client is still unanswered: the next session must be asked again.</summary>
    public bool IsProgressAsked => _progressAsked && HasWatches;

    private static WatchState Wishes(in WatchCommand command) =>
        (command.PreviousValue ? WatchState.PreviousValue : 0) | (command.NoPut ? WatchState.NoPut : 0) | (command.NoDelete ? WatchState.NoDelete : 0)
        | (command.ProgressNotify ? WatchState.ProgressNotify : 0) | (command.Fragment ? WatchState.Fragment : 0);

    private static WatchSpec SpecOf(Watch watch, SeenRevisions seen) => new(
        watch.Id, KeySpace.V3, watch.Key, watch.RangeEnd, watch.Next, seen.Revision, watch.Is(WatchState.PreviousValue), watch.Is(WatchState.NoPut),
        watch.Is(WatchState.NoDelete), watch.Is(WatchState.ProgressNotify), watch.Is(WatchState.Fragment))
    {
        MinCompacted = seen.Compacted,
        IsResumed = watch.IsCreated && !watch.Is(WatchState.StartsLater),
    };

    // A revision in fragments that a lost session left half sent: the next one begins it anew, perhaps cut differently, and what the client has is left out.
    private bool AcceptPart(in WatchMessage message, Watch watch, ref WatchReply reply)
    {
        var (sent, toSkip) = _partlySent.GetValueOrDefault(message.WatchId);
        var events = message.Fragment || toSkip > 0 ? EventFields.Count(message.Events.Span) : 0;
        var skipped = Math.Min(toSkip, events);
        if (!message.Fragment)
            watch.GoOnAt(message.LastRevision + 1);
        var partly = new PartlySent(message.Fragment ? sent + events : 0, toSkip - skipped);
        if (partly == default)
            _partlySent.Remove(message.WatchId);
        else
            _partlySent[message.WatchId] = partly;
        if (skipped == 0)
            return true;
        reply = reply with { Events = EventFields.Skip(message.Events, skipped) };
        return skipped < events;
    }

    private bool AcceptStreamProgress(in WatchMessage message, out WatchReply reply)
    {
        // Every watch has been delivered everything up to here, so a resumed one need not look at it again: this keeps the
        // resume position of idle watches above the compacted revision.
        var (isReached, isOfAll) = (true, true);
        foreach (var watch in _watches)
        {
            // A hub also tells of progress unasked, perhaps before it has heard of all that the session before had.
            var isKnown = watch.Is(WatchState.Known);
            isOfAll &= isKnown || !watch.IsCreated;
            if (watch.IsCreated && isKnown)
                watch.GoOnAt(message.Revision + 1);
            isReached &= !watch.Is(WatchState.StartsLater);
        }
        reply = new WatchReply(message.Revision, message.Term.Value, WatchReply.NoWatch, false, false, 0, "", false, default);
        // What was asked of this session was asked behind all of them, so that answer is still to come.
        if (!isOfAll)
            return false;
        // etcd does not answer while a watch waits for a revision to come; the client asks again.
        var isAnswered = _progressAsked && isReached;
        _progressAsked = false;
        if (isAnswered)
            foreach (var watch in _watches)
                watch.SentRevision = Math.Max(watch.SentRevision, message.Revision);
        return isAnswered;
    }

    private void Forget(Watch watch)
    {
        _watches.Remove(watch.Id);
        _partlySent.Remove(watch.Id);
        if (!watch.Is(WatchState.CancelAsked))
            _aliases.Remove(watch.ClientId);
        ForgetCreated();
    }

    private void ForgetCreated()
    {
        while (_uncreated.TryPeek(out var hubId) && _watches.Find(hubId) is not { IsCreated: false })
            _uncreated.Dequeue();
        // After a burst, memory goes back.
        if (_uncreated.Count == 0 && _uncreated.EnsureCapacity(0) > 1024)
            _uncreated.TrimExcess();
    }

    private bool TryFind(long clientId, out long hubId) =>
        _aliases.TryGetValue(clientId, out hubId)
        || (_watches.Find(hubId = clientId) is { } watch && watch.ClientId == clientId && !watch.Is(WatchState.CancelAsked));

    private long HubIdFor(long clientId)
    {
        if (clientId != WatchReply.NoWatch && !_watches.Contains(clientId))
            return clientId;
        while (_watches.Contains(_nextAlias))
            _nextAlias++;
        return _nextAlias++;
    }

    private long NextFreeId()
    {
        while (TryFind(_nextClientId, out _) || _compacted.Contains(_nextClientId))
            _nextClientId++;
        return _nextClientId++;
    }

    private static bool IsEmptyRange(ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd) =>
        !rangeEnd.IsEmpty && !rangeEnd.SequenceEqual(s_zero) && rangeEnd.SequenceCompareTo(key) <= 0;

    [Flags]
    private enum WatchState : ushort
    {
        PreviousValue = 1,
        NoPut = 2,
        NoDelete = 4,
        ProgressNotify = 8,
        Fragment = 16,
        Created = 32,
        CancelAsked = 64,

        // The client asked for a revision that has not come yet.
        StartsLater = 128,

        // The hub of this session has opened it.
        Known = 256,
    }

    private class Watch(long clientId, byte[] key, byte[] rangeEnd, WatchState state) : Identified
    {
        public readonly long ClientId = clientId;
        public readonly byte[] Key = key;
        public readonly byte[] RangeEnd = rangeEnd;
        public WatchState State = state;

        /// <summary>Towards the hub.</summary>
        public override long Id => ClientId;

        // Once created: the first revision that the client has not got whole. Before: the start that it asked for.
        public long Next;

        // The highest header revision that the client was sent for it. One etcd server's never fall, but a hub may be behind the one before it.
        public long SentRevision;

        public bool IsCreated => Is(WatchState.Created);

        public bool Is(WatchState state) => (State & state) != 0;

        /// <summary>The client has everything before this revision. Never goes back.</summary>
        public void GoOnAt(long revision)
        {
            if (revision <= Next)
                return;
            Next = revision;
            State &= ~WatchState.StartsLater;
        }
    }

    private sealed class AliasedWatch(long hubId, long clientId, byte[] key, byte[] rangeEnd, WatchState state) : Watch(clientId, key, rangeEnd, state)
    {
        public override long Id => hubId;
    }

    /// <summary>Events from a watch's next revision on: sent by this session, and still to be skipped because an earlier one sent them.</summary>
    private readonly record struct PartlySent(int Sent, int ToSkip);
}
