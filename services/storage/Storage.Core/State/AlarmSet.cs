using System.Buffers.Binary;
using Storage.Core.Tree;

namespace Storage.Core.State;

/// <summary>
/// Raised alarms: member id and type (1 NOSPACE, 2 CORRUPT), each with a mark that says whether a replica raised it for its own want of space, and may
/// so clear it by itself. Single owner; <see cref="Current"/> and <see cref="Automatic"/> may be handed to any thread.
/// </summary>
public sealed class AlarmSet(ITree tree)
{
    /// <summary>Alarm types of etcdserverpb.AlarmType.</summary>
    public const int NoSpace = 1, Corrupt = 2;

    // Stored behind the key. Files of before the mark hold ByHand for all.
    private const byte ByHand = 1, ByItself = 2;

    /// <summary>Ordered by member and type; replaced, never changed.</summary>
    public IReadOnlyList<(ulong MemberId, int AlarmType)> Current { get; private set; } = [];

    /// <summary>Members whose NOSPACE alarm a replica raised; replaced, never changed.</summary>
    public IReadOnlyList<ulong> Automatic { get; private set; } = [];

    /// <summary>Puts and grants are refused.</summary>
    public bool HasNoSpace { get; private set; }

    /// <summary>Every write but those about alarms is refused.</summary>
    public bool HasCorrupt { get; private set; }

    /// <summary>Raises an alarm until somebody deactivates it, also one that a replica had raised.</summary>
    public void Activate(ulong member, int type)
    {
        tree.Put(TableId.Alarms, Key(member, type), [ByHand]);
        Add(member, type);
        Automatic = [.. Automatic.Where(id => id != member || type != NoSpace)];
    }

    /// <summary>Raises NOSPACE until there is space again; one that is raised stays as it is.</summary>
    public void ActivateByItself(ulong member)
    {
        if (Current.Contains((member, NoSpace)))
            return;
        tree.Put(TableId.Alarms, Key(member, NoSpace), [ByItself]);
        Add(member, NoSpace);
        Automatic = [.. Automatic.Append(member).Order()];
    }

    /// <summary>False when that alarm was not raised.</summary>
    public bool Deactivate(ulong member, int type)
    {
        if (!tree.Delete(TableId.Alarms, Key(member, type)))
            return false;
        Replace(Current.Where(alarm => alarm != (member, type)));
        if (type == NoSpace)
            Automatic = [.. Automatic.Where(id => id != member)];
        return true;
    }

    /// <summary>Clears what <see cref="ActivateByItself"/> raised, and nothing else.</summary>
    public void DeactivateByItself(ulong member)
    {
        if (Automatic.Contains(member))
            Deactivate(member, NoSpace);
    }

    /// <summary>Takes over a stored alarm at start.</summary>
    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> mark)
    {
        var (member, type) = ReadKey(key);
        Add(member, type);
        if (type == NoSpace && mark is [ByItself])
            Automatic = [.. Automatic.Append(member).Order()];
    }

    private void Add(ulong member, int type)
    {
        if (!Current.Contains((member, type)))
            Replace(Current.Append((member, type)));
    }

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
