using ApiGateway.Core.Errors;
using Storage.Contracts;
using WatchHub.Contracts;

namespace ApiGateway.Core.Watching;

/// <summary>
/// The rules of one client watch stream: which ids its watches have, what is refused, and where each watch goes on when its
/// hub session is lost (I6).
/// </summary>
/// <remarks>
/// Towards the hub each watch has an id of its own, never reused within the stream. So a client may cancel an id and create it
/// again at once, as etcd allows, and no late message of the old watch is taken for the new one.
/// Not thread-safe: the stream's shell locks.
/// </remarks>
public sealed class WatchStream
{
    private const string DuplicateId = "mvcc: duplicate watch ID provided on the WatchStream";
    private const string EmptyRange = "mvcc: watcher range is empty";
    private static readonly byte[] s_zero = [0];

    private readonly Dictionary<long, Watch> _byHubId = [];
    // Watches that are not cancelled by the client: these ids are taken.
    private readonly Dictionary<long, Watch> _byClientId = [];
    private long _nextHubId = 1;
    private long _nextClientId;
    private bool _progressAsked;

    /// <summary>True while at least one watch lives.</summary>
    public bool HasWatches => _byHubId.Count > 0;

    /// <summary>Watches that live or are being cancelled.</summary>
    public int Count => _byHubId.Count;

    /// <summary>Decides about a create request. On success hands out what to ask the hub for; otherwise the refusal to send.</summary>
    /// <param name="command">A create.</param>
    /// <param name="seenRevision">Highest revision that this gateway has seen.</param>
    /// <param name="term">Raft term for the refusal's header.</param>
    public bool TryCreate(in WatchCommand command, long seenRevision, ulong term, out WatchSpec? spec, out WatchReply refusal)
    {
        Invariant.Holds(command.Kind == WatchCommandKind.Create);
        spec = null;
        refusal = default;
        var key = command.Key.IsEmpty ? s_zero : command.Key;
        if (command.StartRevision < 0)
            refusal = WatchReply.Refused(EtcdErrors.CompactedText, seenRevision, term);
        else if (IsEmptyRange(key.Span, command.RangeEnd.Span))
            refusal = WatchReply.Refused(EmptyRange, seenRevision, term);
        else if (command.WatchId != 0 && _byClientId.ContainsKey(command.WatchId))
            refusal = WatchReply.Refused(DuplicateId, seenRevision, term);
        if (refusal.Canceled)
            return false;

        var clientId = command.WatchId != 0 ? command.WatchId : NextFreeId();
        spec = new WatchSpec(
            _nextHubId++, KeySpace.V3, key, command.RangeEnd, command.StartRevision, seenRevision, command.PreviousValue,
            command.NoPut, command.NoDelete, command.ProgressNotify, command.Fragment);
        var watch = new Watch(clientId, spec);
        _byHubId.Add(spec.WatchId, watch);
        _byClientId.Add(clientId, watch);
        return true;
    }

    /// <summary>Frees the client's id; true with the hub's id to cancel when there is such a watch. Unknown ids get no answer.</summary>
    public bool TryCancel(long clientId, out long hubId)
    {
        hubId = 0;
        if (!_byClientId.Remove(clientId, out var watch))
            return false;
        watch.IsCancelAsked = true;
        hubId = watch.Spec.WatchId;
        return true;
    }

    /// <summary>The client wants to know how far the stream is. False when it has no watches: then etcd does not answer.</summary>
    public bool TryAskProgress()
    {
        _progressAsked = HasWatches;
        return _progressAsked;
    }

    /// <summary>Takes a message of the hub; true when the client gets <paramref name="reply"/> for it.</summary>
    public bool TryAccept(in WatchMessage message, out WatchReply reply)
    {
        reply = default;
        if (message.WatchId == WatchReply.NoWatch)
            return message.Kind == WatchMessageKind.Progress && AcceptStreamProgress(message, out reply);
        if (!_byHubId.TryGetValue(message.WatchId, out var watch))
            return false;

        reply = new WatchReply(
            Math.Max(watch.SentRevision, message.Revision), message.Term.Value, watch.ClientId, message.Kind == WatchMessageKind.Created,
            message.Kind == WatchMessageKind.Canceled, message.CompactRevision, "", message.Fragment, message.Events);
        switch (message.Kind)
        {
            case WatchMessageKind.Created:
                // A watch opened again after a lost session: the client has its answer already.
                if (watch.IsCreated)
                    return false;
                watch.IsCreated = true;
                watch.NextRevision = watch.Spec.StartRevision > 0 ? watch.Spec.StartRevision : message.Revision + 1;
                watch.SentRevision = reply.Revision;
                return true;
            case WatchMessageKind.Events:
                watch.SentRevision = reply.Revision;
                watch.IsInFragment = message.Fragment;
                if (!message.Fragment)
                    watch.NextRevision = message.LastRevision + 1;
                return true;
            case WatchMessageKind.Progress:
                // It means what it says: the hub keeps it from falling.
                reply = reply with { Revision = message.Revision };
                watch.SentRevision = Math.Max(watch.SentRevision, message.Revision);
                watch.NextRevision = Math.Max(watch.NextRevision, message.Revision + 1);
                return true;
            case WatchMessageKind.Canceled:
                Forget(watch);
                // etcd sends no revision with a watch that compaction overtook.
                if (message.CompactRevision != 0)
                    reply = reply with { Revision = 0 };
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// The hub session is lost: what to ask of the next one, in the order of creation. Watches whose cancellation was under way
    /// end here, and <paramref name="canceled"/> answers them. False when a revision was being sent in fragments: only
    /// the client can begin it again, so its stream has to end.
    /// </summary>
    public bool TryResume(long seenRevision, ulong term, out List<WatchSpec> specs, out List<WatchReply> canceled)
    {
        specs = [];
        canceled = [];
        foreach (var watch in _byHubId.Values.OrderBy(watch => watch.Spec.WatchId).ToList())
        {
            if (watch.IsCancelAsked)
            {
                Forget(watch);
                var revision = Math.Max(seenRevision, watch.SentRevision);
                if (!watch.IsCreated)
                    canceled.Add(new WatchReply(revision, term, watch.ClientId, true, false, 0, "", false, default));
                canceled.Add(new WatchReply(revision, term, watch.ClientId, false, true, 0, "", false, default));
                continue;
            }
            if (watch.IsInFragment)
                return false;
            specs.Add(watch.Spec with
            {
                StartRevision = watch.IsCreated ? watch.NextRevision : watch.Spec.StartRevision,
                MinRevision = Math.Max(seenRevision, watch.Spec.MinRevision),
            });
        }
        return true;
    }

    /// <summary>Whether a progress request of the client is still unanswered: the next session must be asked again.</summary>
    public bool IsProgressAsked => _progressAsked && HasWatches;

    private bool AcceptStreamProgress(in WatchMessage message, out WatchReply reply)
    {
        // Every watch has been delivered everything up to here, so a resumed one need not look at it again: this keeps the
        // resume position of idle watches above the compacted revision.
        foreach (var watch in _byHubId.Values)
        {
            if (!watch.IsCreated)
                continue;
            watch.NextRevision = Math.Max(watch.NextRevision, message.Revision + 1);
            if (_progressAsked)
                watch.SentRevision = Math.Max(watch.SentRevision, message.Revision);
        }
        reply = new WatchReply(message.Revision, message.Term.Value, WatchReply.NoWatch, false, false, 0, "", false, default);
        var asked = _progressAsked;
        _progressAsked = false;
        return asked;
    }

    private void Forget(Watch watch)
    {
        _byHubId.Remove(watch.Spec.WatchId);
        if (!watch.IsCancelAsked)
            _byClientId.Remove(watch.ClientId);
    }

    private long NextFreeId()
    {
        while (_byClientId.ContainsKey(_nextClientId))
            _nextClientId++;
        return _nextClientId++;
    }

    private static bool IsEmptyRange(ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd) =>
        !rangeEnd.IsEmpty && !rangeEnd.SequenceEqual(s_zero) && rangeEnd.SequenceCompareTo(key) <= 0;

    private sealed class Watch(long clientId, WatchSpec spec)
    {
        public long ClientId { get; } = clientId;

        public WatchSpec Spec { get; } = spec;

        // The first revision that the client has not got. Meaningful once created.
        public long NextRevision { get; set; }

        // The highest header revision that the client was sent for it. One etcd server's never fall, but a hub may be behind the one before it.
        public long SentRevision { get; set; }

        public bool IsCreated { get; set; }

        public bool IsCancelAsked { get; set; }

        public bool IsInFragment { get; set; }
    }
}
