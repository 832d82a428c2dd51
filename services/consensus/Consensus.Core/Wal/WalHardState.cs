using System.Buffers.Binary;
using Consensus.Core.Raft;

namespace Consensus.Core.Wal;

/// <summary>Payload of a hard state record: term, vote, commit index.</summary>
public static class WalHardState
{
    internal const int PayloadBytes = 24;

    internal static void Encode(in HardState state, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, state.Term.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], state.Vote.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], state.Commit.Value);
    }

    /// <summary>False when the payload is none of this version.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> payload, out HardState state)
    {
        state = default;
        if (payload.Length != PayloadBytes)
            return false;
        state = new HardState(
            new(BinaryPrimitives.ReadUInt64LittleEndian(payload)),
            new(BinaryPrimitives.ReadUInt64LittleEndian(payload[8..])),
            new(BinaryPrimitives.ReadUInt64LittleEndian(payload[16..])));
        return true;
    }
}
