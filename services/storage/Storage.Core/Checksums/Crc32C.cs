using System.Buffers.Binary;
using System.Numerics;

namespace Storage.Core.Checksums;

/// <summary>CRC-32 Castagnoli, in pieces: how the bytes are cut does not matter.</summary>
public static class Crc32C
{
    /// <summary>To begin with.</summary>
    public const uint Initial = uint.MaxValue;

    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= 8; data = data[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (var b in data)
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }

    /// <summary>The checksum of everything appended.</summary>
    public static uint Finish(uint crc) => ~crc;
}
