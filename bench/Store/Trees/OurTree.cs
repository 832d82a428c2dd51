using Storage.Core.Tree;
using Storage.Host;

namespace Bench.Store.Trees;

/// <summary>The storage engine's own tree on its own device.</summary>
internal sealed class OurTree(string directory) : ITreeEngine
{
    private readonly StorageData _data = StorageData.Open(directory);

    public void Put(IReadOnlyList<byte[]> keys, byte[] value, bool isAppend)
    {
        for (var i = 0; i < keys.Count; i++)
            _data.Tree.Put(TableId.Revisions, keys[i], value);
        var commit = _data.Tree.BeginCommit() ?? throw new BenchException("there was nothing to commit");
        commit.WriteTo(_data.Device);
        _data.Tree.CompleteCommit(commit);
    }

    public long Get(IReadOnlyList<byte[]> keys)
    {
        using var snapshot = _data.Tree.OpenSnapshot();
        long sum = 0;
        for (var i = 0; i < keys.Count; i++)
        {
            if (!snapshot.TryGet(TableId.Revisions, keys[i], out var value))
                throw new BenchException("our tree lacks a key");
            sum += value[0];
        }
        return sum;
    }

    public (long Keys, long Bytes) Scan()
    {
        using var snapshot = _data.Tree.OpenSnapshot();
        long keys = 0, bytes = 0;
        for (var row = snapshot.Seek(TableId.Revisions, []); row.MoveNext(); keys++)
        {
            row.ReadRow(out var key, out var value);
            bytes += key.Length + value.Length + (value[^1] & 0);
        }
        return (keys, bytes);
    }

    public void Dispose() => _data.Owned!.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
