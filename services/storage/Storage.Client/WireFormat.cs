using System.Diagnostics;
using Consensus.Contracts;
using Google.Protobuf;
using Storage.Contracts;

namespace Storage.Client;

/// <summary>Contract types to wire messages and back. Byte payloads are wrapped, not copied.</summary>
public static class WireFormat
{
    private const int TraceIdBytes = 16, SpanIdBytes = 8;

    public static Wire.CommandResult ToWire(this in CommandResult result) => new()
    {
        Sequence = result.Sequence,
        Index = result.Index.Value,
        Term = result.Term.Value,
        Error = (uint)result.Error,
        Revision = result.Revision,
        Detail = result.Detail,
        Body = UnsafeByteOperations.UnsafeWrap(result.Body),
    };

    public static CommandResult FromWire(this Wire.CommandResult result, SessionId session) => new(
        session, result.Sequence, new LogIndex(result.Index), new Term(result.Term), (StorageError)result.Error, result.Revision,
        result.Detail, result.Body.Memory);

    public static Wire.ReadResponse ToWire(this in ReadResult result, ulong id) => new()
    {
        Id = id,
        Error = (uint)result.Error,
        Revision = result.Revision,
        AppliedIndex = result.AppliedIndex.Value,
        AppliedTerm = result.AppliedTerm.Value,
        Detail = result.Detail,
        Body = UnsafeByteOperations.UnsafeWrap(result.Body),
    };

    public static ReadResult FromWire(this Wire.ReadResponse result) => new(
        (StorageError)result.Error, result.Revision, new LogIndex(result.AppliedIndex), new Term(result.AppliedTerm), result.Detail,
        result.Body.Memory);

    public static Wire.FeedBatch ToWire(this FeedBatch batch)
    {
        var wire = new Wire.FeedBatch
        {
            CurrentRevision = batch.CurrentRevision,
            CompactRevision = batch.CompactRevision,
            Term = batch.Term.Value,
        };
        wire.Revisions.AddRange(batch.Revisions.Select(ToWire));
        return wire;
    }

    public static FeedBatch FromWire(this Wire.FeedBatch batch) => new(
        [.. batch.Revisions.Select(FromWire)], batch.CurrentRevision, batch.CompactRevision, new Term(batch.Term));

    public static Wire.HistoryBatch ToWire(this HistoryBatch batch)
    {
        var wire = new Wire.HistoryBatch { NextRevision = batch.NextRevision, CompactRevision = batch.CompactRevision };
        wire.Revisions.AddRange(batch.Revisions.Select(ToWire));
        return wire;
    }

    public static HistoryBatch FromWire(this Wire.HistoryBatch batch) => new(
        [.. batch.Revisions.Select(FromWire)], batch.NextRevision, batch.CompactRevision);

    public static Wire.LeaseBatch ToWire(this LeaseBatch batch)
    {
        var wire = new Wire.LeaseBatch
        {
            Reset = batch.Reset,
            AppliedIndex = batch.AppliedIndex.Value,
            Revision = batch.Revision,
            Term = batch.Term.Value,
            Epoch = batch.Claim.Epoch,
            HeldAt = batch.Claim.HeldAt.Value,
            StandbyAt = batch.Claim.StandbyAt.Value,
            Released = batch.Claim.IsReleased,
        };
        if (batch.NextV2ExpiryUnixNanos is { } expiry)
            wire.NextV2ExpiryUnixNanos = expiry;
        foreach (var change in batch.Changes)
        {
            wire.Changes.Add(new Wire.LeaseChange
            {
                Id = change.Id,
                TtlSeconds = change.TtlSeconds,
                Removed = change.Removed,
                RemainingSeconds = change.RemainingSeconds,
                Checkpoint = change.IsCheckpoint,
                GrantedAt = change.GrantedAt,
            });
        }
        return wire;
    }

    public static LeaseBatch FromWire(this Wire.LeaseBatch batch) => new(
        batch.Reset,
        [.. batch.Changes.Select(static change => new LeaseChange(
            change.Id, change.TtlSeconds, change.Removed, change.RemainingSeconds, change.Checkpoint) { GrantedAt = change.GrantedAt })],
        new LogIndex(batch.AppliedIndex), batch.Revision, new Term(batch.Term),
        new ClaimState(batch.Epoch, new LogIndex(batch.HeldAt), new LogIndex(batch.StandbyAt), batch.Released),
        batch.HasNextV2ExpiryUnixNanos ? batch.NextV2ExpiryUnixNanos : null);

    public static Wire.StatusResponse ToWire(this StorageStatus status)
    {
        var wire = new Wire.StatusResponse
        {
            AppliedIndex = status.AppliedIndex.Value,
            AppliedTerm = status.AppliedTerm.Value,
            DurableIndex = status.DurableIndex.Value,
            Revision = status.Revision,
            CompactRevision = status.CompactRevision,
            V2Index = status.V2Index,
            FileBytes = status.FileBytes,
            FileBytesInUse = status.FileBytesInUse,
            QuotaBytes = status.QuotaBytes,
            AlarmMember = status.AlarmMember,
            V2Counts = V2CountsFormat.ToWire(status.V2Counts),
            DowngradeTarget = status.DowngradeTarget,
            LeaseEpoch = status.LeaseEpoch,
        };
        foreach (var (member, type) in status.Alarms)
            wire.Alarms.Add(new Wire.Alarm { MemberId = member, Type = type });
        return wire;
    }

    public static StorageStatus FromWire(this Wire.StatusResponse status) => new(
        new LogIndex(status.AppliedIndex), new Term(status.AppliedTerm), new LogIndex(status.DurableIndex), status.Revision, status.CompactRevision,
        status.V2Index, status.FileBytes, status.FileBytesInUse, [.. status.Alarms.Select(static alarm => (alarm.MemberId, alarm.Type))])
    {
        QuotaBytes = status.QuotaBytes,
        AlarmMember = status.AlarmMember,
        V2Counts = V2CountsFormat.FromWire(status.V2Counts),
        DowngradeTarget = status.DowngradeTarget,
        LeaseEpoch = status.LeaseEpoch,
    };

    /// <summary>The rows are wrapped: the message is valid as long as the chunk.</summary>
    public static Wire.SnapshotChunk ToWire(this SnapshotChunk chunk) => chunk switch
    {
        SnapshotStart start => new Wire.SnapshotChunk
        {
            Start = new Wire.SnapshotStart { Format = start.Format, AppliedIndex = start.AppliedIndex.Value, AppliedTerm = start.AppliedTerm.Value },
        },
        SnapshotRows rows => new Wire.SnapshotChunk { Rows = UnsafeByteOperations.UnsafeWrap(rows.Rows) },
        SnapshotEnd end => new Wire.SnapshotChunk { End = new Wire.SnapshotEnd { RowCount = end.RowCount, RowBytes = end.RowBytes, Crc32C = end.Crc32C } },
        _ => throw new ArgumentException("no chunk of a snapshot", nameof(chunk)),
    };

    /// <exception cref="SnapshotAbortedException">A chunk that this version does not know.</exception>
    public static SnapshotChunk FromWire(this Wire.SnapshotChunk chunk) => chunk.ChunkCase switch
    {
        Wire.SnapshotChunk.ChunkOneofCase.Start => new SnapshotStart(
            chunk.Start.Format, new LogIndex(chunk.Start.AppliedIndex), new Term(chunk.Start.AppliedTerm)),
        Wire.SnapshotChunk.ChunkOneofCase.Rows => new SnapshotRows(chunk.Rows.Memory),
        Wire.SnapshotChunk.ChunkOneofCase.End => new SnapshotEnd(chunk.End.RowCount, chunk.End.RowBytes, chunk.End.Crc32C),
        _ => throw new SnapshotAbortedException("the peer sends chunks of a kind that this version does not know"),
    };

    private static Wire.RevisionEvents ToWire(RevisionEvents revision)
    {
        var wire = new Wire.RevisionEvents { Revision = revision.Revision, Trace = ToWire(revision.Trace) };
        foreach (var change in revision.Events)
        {
            var message = new Wire.FeedEvent
            {
                Key = UnsafeByteOperations.UnsafeWrap(change.Key),
                Event = UnsafeByteOperations.UnsafeWrap(change.Event),
                Kind = (uint)change.Kind,
            };
            var withPrevious = change.EventWithPrevious;
            if (!withPrevious.Equals(change.Event))
                message.EventWithPrevious = UnsafeByteOperations.UnsafeWrap(withPrevious);
            if (change.Removed is { } removed)
                message.Removed = UnsafeByteOperations.UnsafeWrap(removed.Encoded);
            wire.Events.Add(message);
        }
        return wire;
    }

    private static RevisionEvents FromWire(Wire.RevisionEvents revision) => new(
        revision.Revision,
        [
            .. revision.Events.Select(static change => new FeedEvent(
                change.Key.Memory, change.Event.Memory,
                change.EventWithPrevious.IsEmpty ? change.Event.Memory : change.EventWithPrevious.Memory, (FeedEventKind)change.Kind)
            {
                Removed = change.HasRemoved ? RemovedPaths.Read(change.Removed.Memory) : null,
            }),
        ],
        TraceFromWire(revision.Trace));

    /// <summary>Empty unless the trace is recorded.</summary>
    public static ByteString ToWire(in ActivityContext trace)
    {
        if (!trace.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
            return ByteString.Empty;
        var bytes = new byte[TraceIdBytes + SpanIdBytes];
        // Each id fills the span it is given, so the span must be exactly as long as the id.
        trace.TraceId.CopyTo(bytes.AsSpan(0, TraceIdBytes));
        trace.SpanId.CopyTo(bytes.AsSpan(TraceIdBytes));
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    /// <summary>No context for anything but the bytes that <see cref="ToWire(in ActivityContext)"/> makes.</summary>
    public static ActivityContext TraceFromWire(ByteString trace) => trace.Length != TraceIdBytes + SpanIdBytes
        ? default
        : new ActivityContext(
            ActivityTraceId.CreateFromBytes(trace.Span[..TraceIdBytes]), ActivitySpanId.CreateFromBytes(trace.Span[TraceIdBytes..]),
            ActivityTraceFlags.Recorded, isRemote: true);
}
