using System.Diagnostics;
using Consensus.Contracts;
using Storage.Contracts;

namespace WatchHub.Contracts;

/// <summary>Who must hear of which revision.</summary>
public interface IWatchHub
{
    /// <summary>
    /// Opens a session: the watches of one client stream. Sessions are independent; one that reads slowly costs only itself.
    /// </summary>
    ValueTask<IWatchSession> OpenSessionAsync(CancellationToken cancellation);
}

/// <summary>
/// The watches of one client stream. Requests are thread-safe and do not wait. Messages of one watch come in order, and its
/// <see cref="WatchMessageKind.Created"/> first.
/// </summary>
public interface IWatchSession : IAsyncDisposable
{
    /// <summary>Starts a watch. The id is the caller's, unique within the session.</summary>
    void Create(WatchSpec watch);

    /// <summary>Ends a watch; answered by <see cref="WatchMessageKind.Canceled"/>, after which nothing more comes for that id. Unknown ids are ignored.</summary>
    void Cancel(long watchId);

    /// <summary>
    /// Asks for one <see cref="WatchMessageKind.Progress"/> with id -1, sent once every watch of the session has been delivered
    /// everything up to its revision. Ignored when the session has no watches. After a compaction one comes unasked: watches that are resumed behind it have missed nothing.
    /// </summary>
    void RequestProgress();

    /// <summary>
    /// True when more requests are welcome. None is refused; but whoever passes on what clients ask for waits with <see cref="WaitForRoomAsync"/> in between, so that those on
    /// their way to the hub are few and short. (Watches that are resumed come all at once: they are as many as there are.)
    /// </summary>
    bool HasRoom { get; }

    /// <summary>Completes when there is room, or the session has ended.</summary>
    ValueTask WaitForRoomAsync(CancellationToken cancellation);

    /// <summary>Waits for messages; false when the session has ended (hub stopping or lost): open another and resume after the last revision delivered.</summary>
    ValueTask<bool> WaitToReadAsync(CancellationToken cancellation);

    /// <summary>Takes as many messages as there are and fit; says how many. One reader.</summary>
    int TryRead(Span<WatchMessage> messages);

    /// <summary>Takes one message if there is one. One reader.</summary>
    bool TryRead(out WatchMessage message)
    {
        message = default;
        return TryRead(new Span<WatchMessage>(ref message)) == 1;
    }
}

/// <summary>What to watch. The bytes of its keys do not change any more: whoever gets it may keep them.</summary>
/// <param name="WatchId">Chosen by the caller.</param>
/// <param name="Space">Key space.</param>
/// <param name="Key">v3: first key, not empty. v2: path in UTF-8.</param>
/// <param name="RangeEnd">v3: as etcd's range_end ("\0": from key on). v2: empty for the node, "\0" for the node and all below.</param>
/// <param name="StartRevision">First revision wanted; 0: the one after the current.</param>
/// <param name="MinRevision">
/// A revision the caller has already seen: "current" is never taken to be lower than this. v2: where the caller was when the watch began, also when it is resumed: up to here it hears of
/// hidden nodes below, which are history, and not of those that change later.
/// </param>
/// <param name="PreviousValue">Send prev_kv.</param>
/// <param name="NoPut">Leave out puts.</param>
/// <param name="NoDelete">Leave out deletes.</param>
/// <param name="ProgressNotify">Send <see cref="WatchMessageKind.Progress"/> now and then while idle.</param>
/// <param name="Fragment">Split messages above the size limit.</param>
public sealed record WatchSpec(
    long WatchId, KeySpace Space, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> RangeEnd, long StartRevision, long MinRevision,
    bool PreviousValue, bool NoPut, bool NoDelete, bool ProgressNotify, bool Fragment)
{
    /// <summary>v3: a compaction that the caller has seen: what is below it is gone, whether the hub has heard of it or not.</summary>
    public long MinCompacted { get; init; }

    /// <summary>The watch stood before, and had reached its start: <see cref="StartRevision"/> is only where it goes on.</summary>
    public bool IsResumed { get; init; }
}

/// <summary>What a message says.</summary>
public enum WatchMessageKind : byte
{
    Created,
    Events,
    Progress,
    Canceled,

    /// <summary>
    /// The session, not one of its watches, is to be left: its hub is about to stop, or others have less to do. Open another, resume there after the last revision
    /// delivered, then end this one, which delivers until then.
    /// </summary>
    Leave,
}

/// <summary>What a message says to its watch; shared by all watches that hear the same.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Revision">Header revision: see v3 watch semantics. v2: the event's index.</param>
/// <param name="LastRevision">Events: the last revision contained; where a resumed watch goes on is this + 1.</param>
/// <param name="Term">For the header.</param>
/// <param name="Events">
/// v3: encoded WatchResponse field 11 (events), repeated, ready to be appended to a response; shared by all watchers of the same events.
/// v2: the event as JSON without a line end.
/// </param>
/// <param name="Fragment">True: more of the same revision follows in the next message.</param>
/// <param name="CompactRevision">Canceled: not 0 when compaction overtook the watch.</param>
/// <param name="Trace">Span that applied the (first) revision, when sampled.</param>
public sealed record WatchContent(
    WatchMessageKind Kind, long Revision, long LastRevision, Term Term, ReadOnlyMemory<byte> Events, bool Fragment, long CompactRevision,
    ActivityContext Trace);

/// <summary>One message of a session: small, because a revision that many watch becomes as many of them.</summary>
/// <param name="WatchId">-1 for stream-wide progress, and for what concerns the session.</param>
/// <param name="Content">What it says.</param>
public readonly record struct WatchMessage(long WatchId, WatchContent Content)
{
    /// <summary>A message whose content is its own.</summary>
    public WatchMessage(
        long watchId, WatchMessageKind kind, long revision, long lastRevision, Term term, ReadOnlyMemory<byte> events, bool fragment,
        long compactRevision, ActivityContext trace)
        : this(watchId, new WatchContent(kind, revision, lastRevision, term, events, fragment, compactRevision, trace))
    {
    }

    /// <summary>That the session is to be left.</summary>
    public static WatchMessage Leave { get; } =
        new(-1, WatchMessageKind.Leave, 0, 0, default, default, fragment: false, compactRevision: 0, trace: default);

    public WatchMessageKind Kind => Content.Kind;

    public long Revision => Content.Revision;

    public long LastRevision => Content.LastRevision;

    public Term Term => Content.Term;

    public ReadOnlyMemory<byte> Events => Content.Events;

    public bool Fragment => Content.Fragment;

    public long CompactRevision => Content.CompactRevision;

    public ActivityContext Trace => Content.Trace;
}
