using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Consensus.Contracts;

/// <summary>The bytes of a <see cref="ClusterConfiguration"/> in the log; equal configurations have equal bytes.</summary>
/// <remarks>
/// Little-endian; every list is a u16 count and its items, every text a u16 length and UTF-8:
/// <code>
/// version u8 | members: id u64, flags u8 (1 learner), name, peer urls, client urls | outgoing voters: u64 | removed: u64 | recent changes: u64
/// </code>
/// </remarks>
public static class ConfigurationFormat
{
    private const byte Version = 1;
    private const byte LearnerFlag = 1;

    /// <summary>Encodes into an array of its own.</summary>
    public static byte[] Encode(ClusterConfiguration configuration)
    {
        var writer = new ArrayBufferWriter<byte>(512);
        writer.Write([Version]);
        WriteCount(writer, configuration.Members.Length);
        foreach (var member in configuration.Members)
        {
            WriteNumber(writer, member.Id.Value);
            writer.Write([member.IsLearner ? LearnerFlag : (byte)0]);
            WriteText(writer, member.Name);
            WriteTexts(writer, member.PeerUrls);
            WriteTexts(writer, member.ClientUrls);
        }
        WriteNumbers(writer, configuration.OutgoingVoters.Select(id => id.Value).ToArray());
        WriteNumbers(writer, configuration.Removed.Select(id => id.Value).ToArray());
        WriteNumbers(writer, [.. configuration.RecentChanges]);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>False when the bytes are no configuration of this version.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out ClusterConfiguration configuration)
    {
        configuration = null!;
        var reader = new Reader(bytes);
        if (!reader.TryByte(out var version) || version != Version || !reader.TryCount(out var count))
            return false;
        var members = ImmutableArray.CreateBuilder<Member>(count);
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryNumber(out var id) || !reader.TryByte(out var flags) || !reader.TryText(out var name)
                || !reader.TryTexts(out var peerUrls) || !reader.TryTexts(out var clientUrls))
            {
                return false;
            }
            members.Add(new Member(new MemberId(id), name, peerUrls, clientUrls, (flags & LearnerFlag) != 0));
        }
        if (!reader.TryNumbers(out var outgoing) || !reader.TryNumbers(out var removed) || !reader.TryNumbers(out var changes) || !reader.IsAtEnd)
            return false;
        configuration = new ClusterConfiguration
        {
            Members = members.MoveToImmutable(),
            OutgoingVoters = [.. outgoing.Select(id => new MemberId(id))],
            Removed = [.. removed.Select(id => new MemberId(id))],
            RecentChanges = [.. changes],
        };
        return true;
    }

    private static void WriteCount(ArrayBufferWriter<byte> writer, int count)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(writer.GetSpan(2), checked((ushort)count));
        writer.Advance(2);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> writer, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(writer.GetSpan(8), value);
        writer.Advance(8);
    }

    private static void WriteNumbers(ArrayBufferWriter<byte> writer, ReadOnlySpan<ulong> values)
    {
        WriteCount(writer, values.Length);
        foreach (var value in values)
            WriteNumber(writer, value);
    }

    private static void WriteText(ArrayBufferWriter<byte> writer, string text)
    {
        WriteCount(writer, Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, writer);
    }

    private static void WriteTexts(ArrayBufferWriter<byte> writer, IReadOnlyList<string> texts)
    {
        WriteCount(writer, texts.Count);
        foreach (var text in texts)
            WriteText(writer, text);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public bool TryByte(out byte value)
        {
            value = 0;
            if (!TryTake(1, out var taken))
                return false;
            value = taken[0];
            return true;
        }

        public bool TryCount(out int count)
        {
            count = 0;
            if (!TryTake(2, out var taken))
                return false;
            count = BinaryPrimitives.ReadUInt16LittleEndian(taken);
            // Every item takes at least two bytes: a count from damaged bytes must not reserve memory.
            return count <= _rest.Length / 2;
        }

        public bool TryNumber(out ulong value)
        {
            value = 0;
            if (!TryTake(8, out var taken))
                return false;
            value = BinaryPrimitives.ReadUInt64LittleEndian(taken);
            return true;
        }

        public bool TryNumbers(out ulong[] values)
        {
            values = [];
            if (!TryCount(out var count))
                return false;
            values = new ulong[count];
            for (var i = 0; i < count; i++)
            {
                if (!TryNumber(out values[i]))
                    return false;
            }
            return true;
        }

        public bool TryText(out string text)
        {
            text = "";
            if (!TryTake(2, out var taken) || !TryTake(BinaryPrimitives.ReadUInt16LittleEndian(taken), out var utf8))
                return false;
            text = Encoding.UTF8.GetString(utf8);
            return true;
        }

        public bool TryTexts(out string[] texts)
        {
            texts = [];
            if (!TryCount(out var count))
                return false;
            texts = new string[count];
            for (var i = 0; i < count; i++)
            {
                if (!TryText(out texts[i]))
                    return false;
            }
            return true;
        }

        private bool TryTake(int count, out ReadOnlySpan<byte> taken)
        {
            taken = default;
            if (_rest.Length < count)
                return false;
            taken = _rest[..count];
            _rest = _rest[count..];
            return true;
        }
    }
}
