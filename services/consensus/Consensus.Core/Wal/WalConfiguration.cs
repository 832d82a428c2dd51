using System.Buffers.Binary;
using Consensus.Contracts;

namespace Consensus.Core.Wal;

/// <summary>Payload of a configuration record: the index of a configuration entry that an earlier segment may hold, then the entry's data.</summary>
internal static class WalConfiguration
{
    private const int FixedBytes = 8;

    public static int PayloadBytes(ReadOnlyMemory<byte> data) => FixedBytes + data.Length;

    public static void Encode(LogIndex index, ReadOnlySpan<byte> data, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, index.Value);
        data.CopyTo(target[FixedBytes..]);
    }

    /// <summary>False when the payload is none of this version. The data are a slice of it.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> payload, out LogIndex index, out ReadOnlySpan<byte> data)
    {
        index = default;
        data = default;
        if (payload.Length < FixedBytes)
            return false;
        index = new(BinaryPrimitives.ReadUInt64LittleEndian(payload));
        data = payload[FixedBytes..];
        return index.Value > 0;
    }
}
