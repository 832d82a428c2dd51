using System.Buffers.Binary;
using Storage.Core.Tree;

namespace Storage.Tree.Tests;

/// <summary>Random changes made to a tree and to its model alike: appends, replacements, deletions, compaction from the front, bursts.</summary>
internal sealed class Workload(Random random, int keySpace, int maxValueBytes)
{
    private ulong _revision;

    public void Change(ITree tree, TreeModel model, int operations)
    {
        for (var i = 0; i < operations; i++)
            ChangeOnce(tree, model);
    }

    public void ChangeOnce(ITree tree, TreeModel model)
    {
        switch (random.Next(20))
        {
            case < 8:
                Put(tree, model, TableId.Revisions, NextRevision(), Value());
                break;
            case < 14:
                Put(tree, model, TableId.V2Nodes, RandomKey(), Value());
                break;
            case < 17:
                Delete(tree, model, TableId.V2Nodes, RandomKey());
                break;
            case < 18:
                Put(tree, model, TableId.Meta, [(byte)random.Next(3)], Bytes(8));
                break;
            case < 19:
                Compact(tree, model, random.Next(30));
                break;
            default:
                DeleteRange(tree, model);
                break;
        }
    }

    /// <summary>Adds values of a few pages each.</summary>
    public void Grow(ITree tree, TreeModel model, int count)
    {
        for (var i = 0; i < count; i++)
            Put(tree, model, TableId.Revisions, NextRevision(), Bytes(random.Next(2_000, 14_000)));
    }

    /// <summary>Empties every table.</summary>
    public static void Clear(ITree tree, TreeModel model)
    {
        foreach (var table in TreeModel.Tables)
            foreach (var key in model[table].Keys.ToArray())
                Delete(tree, model, table, key);
    }

    private static void Put(ITree tree, TreeModel model, TableId table, byte[] key, byte[] value)
    {
        tree.Put(table, key, value, TreeModel.HeadOf(value));
        model[table][key] = value;
    }

    private static void Delete(ITree tree, TreeModel model, TableId table, byte[] key) =>
        Assert.Equal(model[table].Remove(key), tree.Delete(table, key));

    private static void Compact(ITree tree, TreeModel model, int count)
    {
        foreach (var key in model[TableId.Revisions].Keys.Take(count).ToArray())
            Delete(tree, model, TableId.Revisions, key);
    }

    private void DeleteRange(ITree tree, TreeModel model)
    {
        var rows = model[TableId.V2Nodes];
        foreach (var key in rows.Keys.Skip(random.Next(rows.Count + 1)).Take(random.Next(20)).ToArray())
            Delete(tree, model, TableId.V2Nodes, key);
    }

    private byte[] NextRevision()
    {
        var key = new byte[17];
        BinaryPrimitives.WriteUInt64BigEndian(key, ++_revision);
        key[8] = (byte)'_';
        return key;
    }

    /// <summary>One of the key space: its length and bytes follow from its number. Some are as long as a key may be.</summary>
    private byte[] RandomKey()
    {
        var number = random.Next(keySpace);
        var derived = new Random(number);
        var length = number % 16 == 0 ? derived.Next(600, CopyOnWriteTree.MaxKeyBytes + 1) : derived.Next(1, 40);
        var key = new byte[length];
        derived.NextBytes(key);
        // Long common beginnings, as paths have them.
        if (number % 3 == 0)
            key.AsSpan(0, length * 3 / 4).Fill((byte)'/');
        return key;
    }

    private byte[] Value() => random.Next(20) switch
    {
        < 12 => Bytes(random.Next(0, 300)),
        < 17 => Bytes(random.Next(0, 2100)),
        _ => Bytes(random.Next(0, maxValueBytes + 1)),
    };

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
