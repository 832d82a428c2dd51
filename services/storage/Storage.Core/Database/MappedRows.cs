using System.Text;
using Storage.Core.Bolt;
using Storage.Core.Mapping;
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
        var both = new MappedComparison(mapped);
        ForEachRow(file, BucketNames.Key, row => both.LookAtRevision(row.Key, row.Value));
        ForEachRow(file, V2Buckets.Nodes, row => both.LookAtNode(V2Node.Decode(row.Key, row.Value)));
        if (both.Different is { } key)
            throw new BoltDamagedException($"the v3 key {key} is to be a v2 key, and the two differ: a server that does not know of it has changed the file");
    }

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
