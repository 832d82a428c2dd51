using System.Buffers.Binary;
using Consensus.Contracts;

namespace Simulation.World;

/// <summary>A write of a client: sets a key to a value nobody else writes. Session 0 has no memory: each time it is applied counts.</summary>
internal readonly record struct KvCommand(ulong Session, ulong Sequence, int Key, ulong Value)
{
    public byte[] Encode()
    {
        var bytes = new byte[28];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Session);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Sequence);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), Key);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(20), Value);
        return bytes;
    }

    public static bool TryDecode(in Entry entry, out KvCommand command)
    {
        command = default;
        if (entry.Kind != EntryKind.Command)
            return false;
        var bytes = entry.Data.Span;
        command = new KvCommand(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[20..]));
        return true;
    }
}
