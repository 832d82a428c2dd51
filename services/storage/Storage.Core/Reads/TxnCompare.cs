using EtcdApi.Wire;
using Storage.Core.Mvcc;

namespace Storage.Core.Reads;

/// <summary>Evaluates one etcdserverpb.Compare. The order is "stored value R operand".</summary>
internal static class TxnCompare
{
    private const int Version = 0, Create = 1, Mod = 2, Value = 3, Lease = 4;
    private const int Equal = 0, Greater = 1, Less = 2, NotEqual = 3;

    /// <summary>The keys that a compare looks at; false when the bytes are none.</summary>
    public static bool TryReadRange(ReadOnlySpan<byte> compare, out KeyRange range)
    {
        ReadOnlySpan<byte> key = default, end = default;
        var reader = new ProtoReader(compare);
        while (reader.Next())
        {
            if (reader.Field == 3)
                key = reader.Bytes;
            else if (reader.Field == 64)
                end = reader.Bytes;
        }
        range = new KeyRange(key, end);
        return !reader.Malformed && !key.IsEmpty;
    }

    /// <summary>True when the compare holds. An operand of another kind than the target counts as 0 or empty.</summary>
    public static bool Holds(scoped ref KeySpaceReader source, ReadOnlySpan<byte> compare, out bool malformed)
    {
        ReadOnlySpan<byte> key = default, end = default, value = default;
        int result = 0, target = 0, operandField = 0;
        long operand = 0;
        var reader = new ProtoReader(compare);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: result = (int)reader.Varint; break;
                case 2: target = (int)reader.Varint; break;
                case 3: key = reader.Bytes; break;
                case 4 or 5 or 6 or 8: (operandField, operand) = (reader.Field, (long)reader.Varint); break;
                case 7:
                    operandField = 7;
                    value = reader.Bytes;
                    break;
                case 64: end = reader.Bytes; break;
                default: break;
            }
        }
        malformed = reader.Malformed || key.IsEmpty;
        if (malformed)
            return false;
        if (operandField != FieldOf(target))
        {
            operand = 0;
            value = default;
        }

        var any = false;
        var keys = LiveKeys.In(source.Keys, new KeyRange(key, end), source.Revision);
        while (keys.MoveNext())
        {
            any = true;
            if (!HoldsFor(ref source, keys.History, keys.Revision, target, result, operand, value))
                return false;
        }
        // No key: numbers count as 0, a value compares with nothing.
        return any || (target == Value ? false : HoldsFor(ref source, default, default, target, result, operand, value));
    }

    private static bool HoldsFor(
        scoped ref KeySpaceReader source, in KeyHistory history, Revision revision, int target, int result, long operand, ReadOnlySpan<byte> value)
    {
        int order;
        if (history.IsNone || (history.Modified == revision && target != Value))
        {
            order = target switch
            {
                Version => history.Version.CompareTo(operand),
                Create => history.CreateRevision.CompareTo(operand),
                Mod => history.Modified.Main.CompareTo(operand),
                Lease => history.Lease.CompareTo(operand),
                _ => int.MaxValue,
            };
        }
        else
        {
            // The value is only in the record; and on a view that is no longer the newest, so is everything else.
            KeyValueRecord.TryRead(source.Records.Read(revision), out var row);
            order = target switch
            {
                Version => row.Version.CompareTo(operand),
                Create => row.CreateRevision.CompareTo(operand),
                Mod => row.ModRevision.CompareTo(operand),
                Lease => row.Lease.CompareTo(operand),
                Value => row.Value.SequenceCompareTo(value),
                _ => int.MaxValue,
            };
        }
        if (FieldOf(target) == 0)
            return true;
        return result switch
        {
            Equal => order == 0,
            Greater => order > 0,
            Less => order < 0,
            NotEqual => order != 0,
            _ => true,
        };
    }

    private static int FieldOf(int target) => target switch
    {
        Version => 4,
        Create => 5,
        Mod => 6,
        Value => 7,
        Lease => 8,
        _ => 0,
    };
}
