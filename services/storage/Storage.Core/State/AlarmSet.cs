using System.Buffers.Binary;
using Storage.Core.Tree;

namespace Storage.Core.State;

/// <summary>Raised alarms: member id and type (1 NOSPACE, 2 CORRUPT). Single owner; <see cref="Current"/> may be handed to any thread.</summary>
public sealed class AlarmSet(ITree tree)
{
    private const int NoSpace = 1, Corrupt = 2;

    /// <summary>Ordered by member and type; replaced, never changed.</summary>
    public IReadOnlyList<(ulong MemberId, int AlarmType)> Current { get; private set; } = [];

    /// <summary>Puts and grants are refused.</summary>
    public bool HasNoSpace { get; private set; }

    /// <summary>Every write but those about alarms is refused.</summary>
    public bool HasCorrupt { get; private set; }

    public void Activate(ulong member, int type)
    {
        tree.Put(TableId.Alarms, Key(member, type), [1]);
        if (!Current.Contains((member, type)))
            Replace(Current.Append((member, type)));
    }

    /// <summary>False when that alarm was not raised.</summary>
    public bool Deactivate(ulong member, int type)
    {
        if (!tree.Delete(TableId.Alarms, Key(member, type)))
            return false;
        Replace(Current.Where(alarm => alarm != (member, type)));
        return true;
    }

    /// <summary>Takes over a stored alarm at start.</summary>
    public void Load(ReadOnlySpan<byte> key) => Replace(Current.Append(ReadKey(key)));

    /// <summary>The alarm of a key of the Alarms table.</summary>
    internal static (ulong MemberId, int AlarmType) ReadKey(ReadOnlySpan<byte> key) =>
        (BinaryPrimitives.ReadUInt64BigEndian(key), BinaryPrimitives.ReadInt32BigEndian(key[8..]));

    private void Replace(IEnumerable<(ulong MemberId, int AlarmType)> alarms)
    {
        Current = [.. alarms.Order()];
        HasNoSpace = Current.Any(static alarm => alarm.AlarmType == NoSpace);
        HasCorrupt = Current.Any(static alarm => alarm.AlarmType == Corrupt);
    }

    /// <summary>The key under which the Alarms table holds an alarm.</summary>
    internal static byte[] Key(ulong member, int type)
    {
        var key = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(key, member);
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(8), type);
        return key;
    }
}
