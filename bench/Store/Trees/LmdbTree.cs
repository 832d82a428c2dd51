using LightningDB;

namespace Bench.Store.Trees;

/// <summary>LMDB with its defaults: each commit is synced.</summary>
internal sealed class LmdbTree : ITreeEngine
{
    private const long MapBytes = 32L * 1024 * 1024 * 1024;

    private readonly LightningEnvironment _environment;
    private readonly LightningDatabase _database;

    public LmdbTree(string directory)
    {
        Directory.CreateDirectory(directory);
        _environment = new LightningEnvironment(directory, new EnvironmentConfiguration { MapSize = MapBytes });
        _environment.Open();
        using var transaction = _environment.BeginTransaction();
        _database = transaction.OpenDatabase(configuration: new DatabaseConfiguration { Flags = DatabaseOpenFlags.Create });
        Check(transaction.Commit());
    }

    public void Put(IReadOnlyList<byte[]> keys, byte[] value, bool isAppend)
    {
        using var transaction = _environment.BeginTransaction();
        var options = isAppend ? PutOptions.AppendData : PutOptions.None;
        for (var i = 0; i < keys.Count; i++)
            Check(transaction.Put(_database, keys[i].AsSpan(), value.AsSpan(), options));
        Check(transaction.Commit());
    }

    public long Get(IReadOnlyList<byte[]> keys)
    {
        using var transaction = _environment.BeginTransaction(TransactionBeginFlags.ReadOnly);
        long sum = 0;
        for (var i = 0; i < keys.Count; i++)
        {
            var (code, _, value) = transaction.Get(_database, keys[i].AsSpan());
            Check(code);
            sum += value.AsSpan()[0];
        }
        return sum;
    }

    public (long Keys, long Bytes) Scan()
    {
        using var transaction = _environment.BeginTransaction(TransactionBeginFlags.ReadOnly);
        using var cursor = transaction.CreateCursor(_database);
        long keys = 0, bytes = 0;
        for (var (code, key, value) = cursor.Next(); code != MDBResultCode.NotFound; (code, key, value) = cursor.Next(), keys++)
        {
            Check(code);
            var span = value.AsSpan();
            bytes += key.AsSpan().Length + span.Length + (span[^1] & 0);
        }
        return (keys, bytes);
    }

    public void Dispose()
    {
        _database.Dispose();
        _environment.Dispose();
    }

    private static void Check(MDBResultCode code)
    {
        if (code != MDBResultCode.Success)
            throw new BenchException($"LMDB: {code}");
    }
}
