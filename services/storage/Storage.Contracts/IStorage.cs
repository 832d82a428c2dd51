using System.Diagnostics;
using Consensus.Contracts;
using Storage.Contracts.Auth;

namespace Storage.Contracts;

/// <summary>Two key spaces live in one store, each with its own revisions and neither visible in the other unless v2 keys are mapped to v3 keys.</summary>
public enum KeySpace : byte
{
    V3 = 0,
    V2 = 1,
}

/// <summary>
/// The replicated state machine of one replica: reads, results of applied commands, the feeds that hubs and lease
/// managers live on.
/// </summary>
public interface IStorage
{
    /// <summary>
    /// Pushes the results of a session's commands to <paramref name="sink"/>, on the apply thread and in log order. Once this completes, no command that is proposed
    /// is answered unheard; where the subscription could not be had the sink has been told that it is broken. Disposing ends it. A second subscription of the same
    /// session replaces the first. Completes synchronously where the replica is in this process.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller gave up; there is no subscription.</exception>
    ValueTask<IDisposable> SubscribeResultsAsync(SessionId session, IResultSink sink, CancellationToken cancellation);

    /// <summary>
    /// Reads keys. <paramref name="rangeRequest"/> is an encoded, already validated etcdserverpb.RangeRequest.
    /// Waits until <paramref name="minApplied"/> is applied (0: read at once, as a serializable read may).
    /// Never blocks applies. Completes synchronously when nothing has to be awaited.
    /// What <paramref name="caller"/> may read is decided on the state that is read.
    /// </summary>
    ValueTask<ReadResult> RangeAsync(ReadOnlyMemory<byte> rangeRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation);

    /// <summary>Evaluates a transaction that holds nothing but ranges, on one snapshot.</summary>
    ValueTask<ReadResult> ReadOnlyTxnAsync(ReadOnlyMemory<byte> txnRequest, LogIndex minApplied, Caller caller, CancellationToken cancellation);

    /// <summary>Says whether <paramref name="caller"/> may do something, on one state: the error with which it would be refused, and no body.</summary>
    ValueTask<ReadResult> AuthorizeAsync(AccessRequest request, LogIndex minApplied, Caller caller, CancellationToken cancellation);

    /// <summary>The authentication state, and the user of that name.</summary>
    ValueTask<AuthStatus> GetAuthAsync(string user, LogIndex minApplied, CancellationToken cancellation);

    /// <summary>Reads a node of the v2 tree; <paramref name="nowUnixNanos"/> decides the remaining TTLs shown.</summary>
    ValueTask<ReadResult> GetV2Async(
        string path, bool recursive, bool sorted, long nowUnixNanos, LogIndex minApplied, CancellationToken cancellation);

    /// <summary>
    /// Every revision of a key space from <paramref name="fromRevision"/> on (inclusive; 0: from the next one), whole and in order,
    /// for ever. The consumer pulls. Marks without events tell how far the feed is when nothing happens.
    /// </summary>
    /// <exception cref="RevisionCompactedException"><paramref name="fromRevision"/> is below the compacted revision.</exception>
    IAsyncEnumerable<FeedBatch> FeedAsync(KeySpace space, long fromRevision, CancellationToken cancellation);

    /// <summary>
    /// One batch of history for watchers that catch up: the events of [<paramref name="fromRevision"/>, <paramref name="toRevision"/>) whose key
    /// lies in the range (v3: etcd's key and range_end; v2: path, with range_end empty for the node alone and "\0" for all below it), at most
    /// <paramref name="maxBytes"/> of them but at least one revision. <see cref="HistoryBatch.NextRevision"/> says where to go on.
    /// </summary>
    ValueTask<HistoryBatch> HistoryAsync(
        KeySpace space, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long fromRevision, long toRevision, int maxBytes,
        CancellationToken cancellation);

    /// <summary>The leases: first all that exist, then every change, for ever. Each batch says up to which log index it is complete.</summary>
    IAsyncEnumerable<LeaseBatch> LeasesAsync(CancellationToken cancellation);

    /// <summary>Keys attached to a lease, in key order; null when there is no such lease.</summary>
    ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> LeaseKeysAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation);

    /// <summary>Sizes, indexes, alarms of this replica.</summary>
    ValueTask<StorageStatus> GetStatusAsync(CancellationToken cancellation);

    /// <summary>How long a recent entry took here once it was committed; null when that is not known, or not any more. For whoever explains a slow request.</summary>
    ValueTask<AppliedTimes?> GetTimesAsync(LogIndex index, CancellationToken cancellation) => ValueTask.FromResult<AppliedTimes?>(null);

    /// <summary>
    /// Completes once what compaction at <paramref name="revision"/> made unreadable is gone from this replica's data file, for good. The revision
    /// must be one that was compacted.
    /// </summary>
    ValueTask SweptAsync(long revision, CancellationToken cancellation);

    /// <summary>
    /// Starts to make this replica's data file as short as its content allows, and answers at once: the work goes on beside reads and writes, in small
    /// steps, until nothing more can be given back. Asking again while it goes on changes nothing.
    /// </summary>
    ValueTask DefragmentAsync(CancellationToken cancellation);

    /// <summary>
    /// CRC-32 Castagnoli over the v3 key space as etcd's HashKV computes it, at <paramref name="revision"/> (0 or negative: current).
    /// </summary>
    ValueTask<HashResult> HashKvAsync(long revision, CancellationToken cancellation);

    /// <summary>
    /// CRC-32 Castagnoli over everything that clients have put into this replica's data file, with everything applied by now. Says whether a file is still what it
    /// was; replicas may differ in it while one of them removes what was compacted.
    /// </summary>
    ValueTask<uint> HashAsync(CancellationToken cancellation);

    /// <summary>
    /// The whole state as of now, for a replica that the log can no longer bring up to date. Applies go on meanwhile. The consumer pulls; one that
    /// stalls too long is cut off, because what it reads holds back the reuse of pages.
    /// </summary>
    /// <exception cref="SnapshotAbortedException">The consumer stalled, or the replica stops.</exception>
    IAsyncEnumerable<SnapshotChunk> SnapshotAsync(CancellationToken cancellation);

    /// <summary>
    /// The v3 state as of now as a database file of etcd 3.5, for its tools and for a cluster that is to begin with it. Otherwise as <see cref="SnapshotAsync"/>.
    /// A file that ends before a piece says that nothing remains is not whole.
    /// </summary>
    /// <exception cref="SnapshotAbortedException">The consumer stalled, or the replica stops.</exception>
    IAsyncEnumerable<DatabasePiece> DatabaseAsync(CancellationToken cancellation);
}

/// <summary>Receives results on the apply thread: must return at once and must not throw.</summary>
public interface IResultSink
{
    /// <summary>Results in log order. The span is valid during the call only; the bodies stay valid.</summary>
    void OnResults(ReadOnlySpan<CommandResult> results);

    /// <summary>The subscription has ended (connection lost, replica stopping): results may have been missed. Subscribe again and propose again.</summary>
    void OnBroken(string reason);
}

/// <summary>One event of one revision, encoded once.</summary>
/// <param name="Key">v3: the key. v2: the path in UTF-8.</param>
/// <param name="Event">
/// v3: an encoded mvccpb.Event without prev_kv. v2: the event as JSON without a line end.
/// </param>
/// <param name="Previous">v3: where the value before is; default when there is none.</param>
/// <param name="Kind">What watchers filter by.</param>
public readonly record struct FeedEvent(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Event, PreviousValue Previous, FeedEventKind Kind)
{
    /// <summary>An event of which both forms are at hand; the same buffer twice when there is no previous value.</summary>
    public FeedEvent(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> encoded, ReadOnlyMemory<byte> encodedWithPrevious, FeedEventKind kind)
        : this(key, encoded, encodedWithPrevious.Equals(encoded) ? default : new PreviousValue(new KnownPrevious(encodedWithPrevious), 0, 0, 0), kind)
    {
    }

    /// <summary>v2, of a removed directory: the nodes that went with it. Null: nobody knows, so that all who watch below are told.</summary>
    public RemovedPaths? Removed { get; init; }

    public bool HasPrevious => Previous.Source is not null;

    /// <summary>
    /// v3: the event with prev_kv, made now: ask once. <see cref="Event"/> itself when there is no previous value or compaction took it
    /// meanwhile. v2: as <see cref="Event"/>.
    /// </summary>
    public ReadOnlyMemory<byte> EventWithPrevious => Previous.Source is { } source ? source.WithPrevious(Event, Previous) : Event;
}

/// <summary>Where the value that an event replaced can be read, for the few who want it.</summary>
/// <param name="Source">Reads it; null: there is none.</param>
/// <param name="EventRevision">Revision of the event.</param>
/// <param name="Main">Revision of the previous value.</param>
/// <param name="Sub">Its place in that revision.</param>
public readonly record struct PreviousValue(IPreviousValues? Source, long EventRevision, long Main, int Sub);

/// <summary>Reads previous values when somebody wants one. For any thread.</summary>
public interface IPreviousValues
{
    /// <summary>Bytes that an event keeps in memory through this, beside its own.</summary>
    int HeldBytes { get; }

    /// <summary>The event with prev_kv; the event as it is when the value is compacted.</summary>
    ReadOnlyMemory<byte> WithPrevious(ReadOnlyMemory<byte> encodedEvent, in PreviousValue previous);
}

/// <summary>The form with prev_kv of one event, at hand: it came over the wire.</summary>
internal sealed record KnownPrevious(ReadOnlyMemory<byte> Encoded) : IPreviousValues
{
    public int HeldBytes => Encoded.Length;

    public ReadOnlyMemory<byte> WithPrevious(ReadOnlyMemory<byte> encodedEvent, in PreviousValue previous) => Encoded;
}

/// <summary>Kinds of events, as far as a watcher's filter or matching rule must tell them apart.</summary>
[Flags]
public enum FeedEventKind : byte
{
    Put = 0,
    Delete = 1,
    /// <summary>v2: the node is a directory. A removed directory wakes the watchers of what was in it.</summary>
    Directory = 2,
    /// <summary>v2: a refresh; kept in history order but wakes nobody.</summary>
    Silent = 4,
}

/// <summary>All events of one revision, in the order in which the command made them.</summary>
/// <param name="Revision">v3 revision or v2 index.</param>
/// <param name="Events">At least one.</param>
/// <param name="Trace">The span that applied it; default when the write was not sampled.</param>
public sealed record RevisionEvents(long Revision, IReadOnlyList<FeedEvent> Events, ActivityContext Trace);

/// <summary>A piece of a feed.</summary>
/// <param name="Revisions">May be empty: then this only reports progress.</param>
/// <param name="CurrentRevision">Every revision up to this one has been fed.</param>
/// <param name="CompactRevision">Watches below this revision get "compacted".</param>
/// <param name="Term">Raft term for response headers.</param>
public sealed record FeedBatch(IReadOnlyList<RevisionEvents> Revisions, long CurrentRevision, long CompactRevision, Term Term);

/// <summary>A piece of history for one watcher's range.</summary>
/// <param name="Revisions">Matching revisions with their matching events only.</param>
/// <param name="NextRevision">Everything below it was looked at.</param>
/// <param name="CompactRevision">Not 0 when the start was compacted: the watcher must be told, and the rest of the batch is empty.</param>
public sealed record HistoryBatch(IReadOnlyList<RevisionEvents> Revisions, long NextRevision, long CompactRevision);

/// <summary>What happened to a lease: it was granted, it is gone, or <paramref name="IsCheckpoint"/>, what is left of it was noted.</summary>
/// <param name="Id">The lease.</param>
/// <param name="TtlSeconds">Its whole TTL.</param>
/// <param name="Removed">It is gone.</param>
/// <param name="RemainingSeconds">What was left of it at its last checkpoint; 0: there is none, or it is forgotten.</param>
/// <param name="IsCheckpoint">The lease was known before.</param>
public readonly record struct LeaseChange(long Id, long TtlSeconds, bool Removed, long RemainingSeconds = 0, bool IsCheckpoint = false)
{
    /// <summary>Log index of its grant: tells it from an earlier lease with the same id. Of a removal: 0.</summary>
    public ulong GrantedAt { get; init; }
}

/// <summary>A piece of the lease feed.</summary>
/// <param name="Reset">True for the first batch: forget everything known before.</param>
/// <param name="Changes">In log order.</param>
/// <param name="AppliedIndex">All lease changes up to this log index have been fed.</param>
/// <param name="Revision">v3 revision at that index, for response headers.</param>
/// <param name="Term">Raft term for response headers.</param>
/// <param name="Claim">The current claim.</param>
/// <param name="NextV2ExpiryUnixNanos">Earliest deadline of a v2 node; null when no node has one.</param>
public sealed record LeaseBatch(
    bool Reset, IReadOnlyList<LeaseChange> Changes, LogIndex AppliedIndex, long Revision, Term Term, ClaimState Claim, long? NextV2ExpiryUnixNanos);

/// <summary>A replica's state at one moment. Sizes in bytes.</summary>
/// <param name="Alarms">Pairs of member id and alarm type (1 NOSPACE, 2 CORRUPT).</param>
public sealed record StorageStatus(
    LogIndex AppliedIndex, Term AppliedTerm, LogIndex DurableIndex, long Revision, long CompactRevision, long V2Index,
    long FileBytes, long FileBytesInUse, IReadOnlyList<(ulong MemberId, int AlarmType)> Alarms)
{
    /// <summary>Bytes in use at which this replica is full; <see cref="long.MaxValue"/>: never.</summary>
    public long QuotaBytes { get; init; } = long.MaxValue;

    /// <summary>The member id under which this replica raises its alarms.</summary>
    public ulong AlarmMember { get; init; }

    /// <summary>What was done to the v2 tree.</summary>
    public V2Counts V2Counts { get; init; } = new();

    /// <summary>Epoch of the claim on the leases; 0 before the first.</summary>
    public ulong LeaseEpoch { get; init; }

    /// <summary>The release that the cluster is being taken back to, such as "3.4.0"; "": it is not.</summary>
    public string DowngradeTarget { get; init; } = "";
}

/// <summary>Outcome of HashKV.</summary>
/// <param name="CompactRevision">-1 when nothing was ever compacted.</param>
public readonly record struct HashResult(StorageError Error, uint Hash, long CompactRevision, long HashRevision, long CurrentRevision, Term Term);

#pragma warning disable CA1032 // One constructor: thrown in one place with one message.
/// <summary>The revision asked for was compacted; <paramref name="compactRevision"/> is the oldest that can be read.</summary>
public sealed class RevisionCompactedException(long compactRevision) : Exception($"revision compacted; oldest is {compactRevision}")
{
    public long CompactRevision { get; } = compactRevision;
}

/// <summary>A snapshot that was being sent ended before its end: fetch another.</summary>
public sealed class SnapshotAbortedException(string reason) : Exception(reason);
