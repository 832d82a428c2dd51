using System.Diagnostics;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Peers.Wire;
using Google.Protobuf;

namespace Consensus.Host.Peers;

/// <summary>Between the core's messages and the wire's. Command bytes are never copied on either side.</summary>
internal static class PeerWire
{
    private const int TraceBytes = 25;

    public static PeerMessage ToWire(in Message message)
    {
        var wire = new PeerMessage
        {
            Kind = (uint)message.Kind,
            Term = message.Term.Value,
            Index = message.Index.Value,
            IndexTerm = message.IndexTerm.Value,
            Commit = message.Commit.Value,
            Rejected = message.Rejected,
            HintIndex = message.HintIndex.Value,
            HintTerm = message.HintTerm.Value,
            Context = message.Context,
            IsTransfer = message.IsTransfer,
        };
        if (!message.Data.IsEmpty)
            wire.Configuration = UnsafeByteOperations.UnsafeWrap(message.Data);
        if (message.Entries is { Length: > 0 } entries)
        {
            wire.Entries.Capacity = entries.Length;
            foreach (ref readonly var entry in entries.AsSpan())
            {
                wire.Entries.Add(new PeerEntry
                {
                    Term = entry.Term.Value,
                    Kind = (uint)entry.Kind,
                    Data = UnsafeByteOperations.UnsafeWrap(entry.Data),
                });
            }
        }
        return wire;
    }

    public static Message FromWire(PeerMessage wire, MemberId from, MemberId to)
    {
        Entry[]? entries = null;
        if (wire.Entries.Count > 0)
        {
            entries = new Entry[wire.Entries.Count];
            for (var i = 0; i < entries.Length; i++)
            {
                var entry = wire.Entries[i];
                entries[i] = new Entry(new(wire.Index + 1 + (ulong)i), new(entry.Term), (EntryKind)entry.Kind, entry.Data.Memory);
            }
        }
        // A kind beyond a byte must not turn into a valid one.
        return new Message((MessageKind)Math.Min(wire.Kind, byte.MaxValue), from, to, new(wire.Term))
        {
            Index = new(wire.Index),
            IndexTerm = new(wire.IndexTerm),
            Entries = entries,
            Commit = new(wire.Commit),
            Rejected = wire.Rejected,
            HintIndex = new(wire.HintIndex),
            HintTerm = new(wire.HintTerm),
            Context = wire.Context,
            Data = wire.Configuration.Memory,
            IsTransfer = wire.IsTransfer,
        };
    }

    /// <summary>What a message counts against the bounds of queues.</summary>
    public static int BytesOf(in Message message)
    {
        const int perMessage = 64;
        const int perEntry = 48;
        long bytes = perMessage + message.Data.Length;
        foreach (ref readonly var entry in message.Entries.AsSpan())
            bytes += perEntry + entry.Data.Length;
        return (int)Math.Min(bytes, int.MaxValue);
    }

    public static ForwardedCommand ToWire(in Proposal proposal)
    {
        var wire = new ForwardedCommand { Command = UnsafeByteOperations.UnsafeWrap(proposal.Command) };
        if (proposal.Trace == default)
            return wire;
        var trace = new byte[TraceBytes];
        proposal.Trace.TraceId.CopyTo(trace.AsSpan(0, 16));
        proposal.Trace.SpanId.CopyTo(trace.AsSpan(16, 8));
        trace[24] = (byte)proposal.Trace.TraceFlags;
        wire.Trace = UnsafeByteOperations.UnsafeWrap(trace);
        return wire;
    }

    public static Proposal FromWire(ForwardedCommand wire)
    {
        var trace = wire.Trace.Span;
        return new Proposal(
            wire.Command.Memory,
            trace.Length != TraceBytes
                ? default
                : new ActivityContext(
                    ActivityTraceId.CreateFromBytes(trace[..16]), ActivitySpanId.CreateFromBytes(trace[16..24]),
                    (ActivityTraceFlags)trace[24], isRemote: true));
    }

    public static ChangeRequest ToWire(MembershipChange change, ClusterId cluster)
    {
        var wire = new ChangeRequest
        {
            ClusterId = cluster.Value,
            ChangeId = change.Id,
            Kind = (uint)change.Kind,
            MemberId = change.Member.Value,
            Name = change.Name,
        };
        wire.PeerUrls.AddRange(change.PeerUrls);
        wire.ClientUrls.AddRange(change.ClientUrls);
        return wire;
    }

    public static MembershipChange FromWire(ChangeRequest wire) =>
        new(wire.ChangeId, (MembershipChangeKind)Math.Min(wire.Kind, byte.MaxValue), new(wire.MemberId))
        {
            Name = wire.Name,
            PeerUrls = [.. wire.PeerUrls],
            ClientUrls = [.. wire.ClientUrls],
        };
}
