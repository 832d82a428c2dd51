using System.Diagnostics;
using Consensus.Contracts;
using Google.Protobuf;
using Storage.Contracts;
using WatchHub.Client.Wire;
using WatchHub.Contracts;

namespace WatchHub.Client;

/// <summary>Between the contract's types and the wire's; both sides use the same table.</summary>
public static class WireMessages
{
    private const int TraceIdBytes = 16;
    private const int TraceBytes = 24;

    public static SessionRequest ToWire(WatchSpec spec) => new()
    {
        Create = new Create
        {
            WatchId = spec.WatchId,
            Space = (uint)spec.Space,
            Key = UnsafeByteOperations.UnsafeWrap(spec.Key),
            RangeEnd = UnsafeByteOperations.UnsafeWrap(spec.RangeEnd),
            StartRevision = spec.StartRevision,
            MinRevision = spec.MinRevision,
            PreviousValue = spec.PreviousValue,
            NoPut = spec.NoPut,
            NoDelete = spec.NoDelete,
            ProgressNotify = spec.ProgressNotify,
            Fragment = spec.Fragment,
            MinCompacted = spec.MinCompacted,
            Resumed = spec.IsResumed,
        },
    };

    public static WatchSpec FromWire(Create create) => new(
        create.WatchId, (KeySpace)create.Space, create.Key.Memory, create.RangeEnd.Memory, create.StartRevision, create.MinRevision,
        create.PreviousValue, create.NoPut, create.NoDelete, create.ProgressNotify, create.Fragment)
    {
        MinCompacted = create.MinCompacted,
        IsResumed = create.Resumed,
    };

    /// <summary>
    /// A message for the first of its watches. The event bytes are wrapped, not copied: nobody changes them once they are in a message.
    /// </summary>
    public static Message ToWire(in WatchMessage message)
    {
        var wire = new Message
        {
            Kind = (uint)message.Kind,
            Revision = message.Revision,
            LastRevision = message.LastRevision,
            Term = message.Term.Value,
            Events = UnsafeByteOperations.UnsafeWrap(message.Events),
            Fragment = message.Fragment,
            CompactRevision = message.CompactRevision,
            Trace = ToWire(message.Trace),
        };
        wire.WatchIds.Add(message.WatchId);
        return wire;
    }

    /// <summary>True when two messages differ in the watch alone, so that one wire message can carry both.</summary>
    public static bool IsSameForAnotherWatch(in WatchMessage one, in WatchMessage other) =>
        one.Kind == WatchMessageKind.Events && other.Kind == WatchMessageKind.Events
        && !one.Fragment && (ReferenceEquals(one.Content, other.Content) || IsSame(one, other));

    private static bool IsSame(in WatchMessage one, in WatchMessage other) =>
        one.Revision == other.Revision && one.LastRevision == other.LastRevision
        && one.Events.Equals(other.Events) && !other.Fragment
        && one.Term == other.Term && one.Trace.SpanId == other.Trace.SpanId;

    /// <summary>Appends one message for each watch.</summary>
    public static void FromWire(Message wire, List<WatchMessage> into)
    {
        var content = new WatchContent(
            (WatchMessageKind)wire.Kind, wire.Revision, wire.LastRevision, new Term(wire.Term), wire.Events.Memory, wire.Fragment,
            wire.CompactRevision, FromWire(wire.Trace));
        foreach (var watchId in wire.WatchIds)
            into.Add(new WatchMessage(watchId, content));
    }

    private static ByteString ToWire(ActivityContext trace)
    {
        if (!trace.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
            return ByteString.Empty;
        var bytes = new byte[TraceBytes];
        // Each id fills the span it is given, so the span must be exactly as long as the id.
        trace.TraceId.CopyTo(bytes.AsSpan(0, TraceIdBytes));
        trace.SpanId.CopyTo(bytes.AsSpan(TraceIdBytes));
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    private static ActivityContext FromWire(ByteString trace) =>
        trace.Length != TraceBytes
            ? default
            : new ActivityContext(
                ActivityTraceId.CreateFromBytes(trace.Span[..TraceIdBytes]), ActivitySpanId.CreateFromBytes(trace.Span[TraceIdBytes..]),
                ActivityTraceFlags.Recorded, isRemote: true);
}
