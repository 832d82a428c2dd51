using System.Buffers.Binary;
using Consensus.Contracts;

namespace Consensus.Core.Wal;

/// <summary>First record of a segment.</summary>
/// <param name="Cluster">Whose log this is.</param>
/// <param name="Member">Which member's.</param>
/// <param name="Before">Last index of the log when the segment was begun.</param>
/// <param name="TermBefore">Its term.</param>
/// <param name="IsNewLog">The log begins here: segments before this one are void, and about to be deleted.</param>
public readonly record struct WalMetadata(ClusterId Cluster, MemberId Member, LogIndex Before, Term TermBefore, bool IsNewLog)
{
    internal const int PayloadBytes = 40;

    internal void Encode(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, Cluster.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], Member.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Before.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], TermBefore.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], IsNewLog ? 1UL : 0);
    }

    /// <summary>False when the payload is none of this version.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> payload, out WalMetadata metadata)
    {
        metadata = default;
        if (payload.Length != PayloadBytes)
            return false;
        var isNewLog = BinaryPrimitives.ReadUInt64LittleEndian(payload[32..]);
        metadata = new WalMetadata(
            new(BinaryPrimitives.ReadUInt64LittleEndian(payload)),
            new(BinaryPrimitives.ReadUInt64LittleEndian(payload[8..])),
            new(BinaryPrimitives.ReadUInt64LittleEndian(payload[16..])),
            new(BinaryPrimitives.ReadUInt64LittleEndian(payload[24..])),
            isNewLog == 1);
        return isNewLog <= 1;
    }
}
