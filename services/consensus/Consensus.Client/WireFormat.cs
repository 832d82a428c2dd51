using System.Diagnostics;
using Consensus.Client.Wire;
using Consensus.Contracts;
using Google.Protobuf;

namespace Consensus.Client;

/// <summary>Between the contract's types and the wire's. Command bytes are never copied on either side.</summary>
public static class WireFormat
{
    /// <summary>Trailer with the first index of the log, on OUT_OF_RANGE from Tail.</summary>
    public const string FirstIndexTrailer = "log-first-index";

    /// <summary>Trailer that tells "no leader" from "no connection", on UNAVAILABLE.</summary>
    public const string NoLeaderTrailer = "log-no-leader";

    public static ProposedCommand ToWire(in Proposal proposal)
    {
        var wire = new ProposedCommand { Command = UnsafeByteOperations.UnsafeWrap(proposal.Command) };
        if (proposal.Trace != default)
            wire.Trace = ToWire(proposal.Trace);
        return wire;
    }

    public static Proposal FromWire(ProposedCommand wire) =>
        new(wire.Command.Memory, wire.Trace is null ? default : FromWire(wire.Trace));

    public static TailBatch ToWire(CommittedBatch batch)
    {
        var wire = new TailBatch { FirstIndex = batch.Entries[0].Index.Value, CommitIndex = batch.CommitIndex.Value };
        wire.Entries.Capacity = batch.Entries.Count;
        for (var i = 0; i < batch.Entries.Count; i++)
        {
            var entry = batch.Entries[i];
            wire.Entries.Add(new TailEntry
            {
                Term = entry.Term.Value,
                Kind = (uint)entry.Kind,
                Data = UnsafeByteOperations.UnsafeWrap(entry.Data),
            });
        }
        return wire;
    }

    public static CommittedBatch FromWire(TailBatch wire)
    {
        var entries = new Entry[wire.Entries.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = wire.Entries[i];
            entries[i] = new Entry(new(wire.FirstIndex + (ulong)i), new(entry.Term), (EntryKind)entry.Kind, entry.Data.Memory);
        }
        return new CommittedBatch(entries, new(wire.CommitIndex));
    }

    public static StatusReply ToWire(ConsensusStatus status)
    {
        var wire = new StatusReply
        {
            ClusterId = status.Cluster.Value,
            MemberId = status.Self.Value,
            LeaderId = status.Leader.Value,
            Term = status.Term.Value,
            CommitIndex = status.CommitIndex.Value,
            LastIndex = status.LastIndex.Value,
            IsLearner = status.IsLearner,
        };
        wire.Members.AddRange(status.Members.Select(ToWire));
        if (status.Traffic is { } traffic)
            wire.Traffic = TrafficFormat.ToWire(traffic);
        return wire;
    }

    public static ConsensusStatus FromWire(StatusReply wire) => new(
        new(wire.ClusterId), new(wire.MemberId), new(wire.LeaderId), new(wire.Term), new(wire.CommitIndex), new(wire.LastIndex),
        wire.IsLearner, [.. wire.Members.Select(FromWire)])
    {
        Traffic = wire.Traffic is null ? null : TrafficFormat.FromWire(wire.Traffic),
    };

    public static MembershipChangeRequest ToWire(MembershipChange change) => new()
    {
        ChangeId = change.Id,
        Kind = (uint)change.Kind,
        MemberId = change.Member.Value,
        Name = change.Name,
        PeerUrls = { change.PeerUrls },
        ClientUrls = { change.ClientUrls },
    };

    public static MembershipChange FromWire(MembershipChangeRequest wire) =>
        new(wire.ChangeId, (MembershipChangeKind)wire.Kind, new(wire.MemberId))
        {
            Name = wire.Name,
            PeerUrls = [.. wire.PeerUrls],
            ClientUrls = [.. wire.ClientUrls],
        };

    public static MembershipChangeReply ToWire(MembershipResult result)
    {
        var wire = new MembershipChangeReply { Error = (uint)result.Error, Term = result.Term.Value };
        wire.Members.AddRange(result.Members.Select(ToWire));
        return wire;
    }

    public static MembershipResult FromWire(MembershipChangeReply wire) =>
        new((MembershipError)wire.Error, [.. wire.Members.Select(FromWire)], new(wire.Term));

    private static MemberInfo ToWire(Member member) => new()
    {
        Id = member.Id.Value,
        Name = member.Name,
        PeerUrls = { member.PeerUrls },
        ClientUrls = { member.ClientUrls },
        IsLearner = member.IsLearner,
    };

    private static Member FromWire(MemberInfo wire) =>
        new(new(wire.Id), wire.Name, [.. wire.PeerUrls], [.. wire.ClientUrls], wire.IsLearner);

    public static TimesReply ToWire(EntryTimes? times) => times is null
        ? new TimesReply()
        : new TimesReply { Known = true, QueuedTicks = times.Queued.Ticks, StoredTicks = times.Stored.Ticks, ReplicatedTicks = times.Replicated.Ticks };

    public static EntryTimes? FromWire(TimesReply wire) =>
        wire.Known ? new EntryTimes(new(wire.QueuedTicks), new(wire.StoredTicks), new(wire.ReplicatedTicks)) : null;

    private static TraceParent ToWire(in ActivityContext trace)
    {
        Span<byte> traceId = stackalloc byte[16];
        Span<byte> spanId = stackalloc byte[8];
        trace.TraceId.CopyTo(traceId);
        trace.SpanId.CopyTo(spanId);
        return new TraceParent
        {
            TraceId = ByteString.CopyFrom(traceId),
            SpanId = ByteString.CopyFrom(spanId),
            Flags = (uint)trace.TraceFlags,
            State = trace.TraceState ?? "",
        };
    }

    // A malformed context loses a span, never a command.
    private static ActivityContext FromWire(TraceParent wire) =>
        wire.TraceId.Length == 16 && wire.SpanId.Length == 8
            ? new ActivityContext(
                ActivityTraceId.CreateFromBytes(wire.TraceId.Span), ActivitySpanId.CreateFromBytes(wire.SpanId.Span),
                (ActivityTraceFlags)wire.Flags, wire.State.Length > 0 ? wire.State : null, isRemote: true)
            : default;
}
