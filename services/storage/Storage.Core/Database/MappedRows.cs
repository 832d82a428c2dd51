using System.Text;
using Storage.Core.Bolt;
using Storage.Core.Mapping;
using Storage.Core.Mvcc;
using Storage.Core.V2;

namespace Storage.Core.Database;

/// <summary>
/// Checks that the v2 files of a database are the v3 keys that they are to be: the state machine relies on it, and a server that knows of no mapping may have changed one side alone. Its rows
/// are known to be records.
/// </summary>
internal static class MappedRows
{
    /// <exception cref="BoltDamagedException">They are not.</exception>
    public static void Require(BoltFile file, MappedKeys mapped)
    {
        var values = new Dictionary<string, byte[]>();
        ForEachRow(file, BucketNames.Key, row => Note(values, mapped, row));
        ForEachRow(file, V2Buckets.Nodes, row => Compare(values, mapped, V2Node.Decode(row.Key, row.Value)));
        foreach (var name in values.Keys)
            throw Differs(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(name)));
    }

    private static void Note(Dictionary<string, byte[]> values, MappedKeys mapped, BoltCursor row)
    {
        if (!KeyValueRecord.TryRead(row.Value, out var record) || !mapped.Includes(record.Key))
            return;
        RevisionKey.TryRead(row.Key, out _, out var isTombstone);
        if (isTombstone)
            values.Remove(Name(record.Key));
        else
            values[Name(record.Key)] = record.Value.ToArray();
    }

    private static void Compare(Dictionary<string, byte[]> values, MappedKeys mapped, V2Node node)
    {
        if (node.IsDirectory || !MappedKeys.Maps(node.Path))
            return;
        var key = mapped.Key(node.Path);
        if (!values.Remove(Name(key), out var value) || !value.AsSpan().SequenceEqual(node.Value))
            throw Differs(Encoding.UTF8.GetString(key));
    }

    // Keys are any bytes: one character for each.
    private static string Name(ReadOnlySpan<byte> key) => Encoding.Latin1.GetString(key);

    private static BoltDamagedException Differs(string key) =>
        new($"the v3 key {key} is to be a v2 key, and the two differ: a server that does not know of it has changed the file");

    private static void ForEachRow(BoltFile file, string bucket, Action<BoltCursor> look)
    {
        for (var found = file.Buckets(); found.MoveNext();)
        {
            if (Encoding.UTF8.GetString(found.Key) != bucket)
                continue;
            for (var row = file.Rows(found.Key, found.Value); row.MoveNext();)
                look(row);
        }
    }
}
