using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Tests.Harness;

namespace Storage.Tests.Mvcc;

/// <summary>
/// Goal: any revision that is not compacted reads as it was, whatever happened since. Method: random puts, deletes, txns, compactions, commits,
/// sweeps and restarts against a list of dictionaries, one per revision.
/// </summary>
public sealed class MvccModelTests
{
    private sealed record Row(string Value, long Create, long Mod, long Version);

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(15)]
    [InlineData(16)]
    public void RandomCommands_AgainstModel_EveryRevisionReadsTheSame(int seed)
    {
        var random = new Random(seed);
        // A tiny hot tail, so that reads go to the tree too.
        var replica = new Replica(options: new() { HotRevisions = 8, HotBytes = 1 << 20 });
        var model = new List<SortedDictionary<string, Row>> { new(StringComparer.Ordinal), new(StringComparer.Ordinal) };
        long compacted = 0;
        for (var i = 0; i < 2_500; i++)
        {
            var now = new SortedDictionary<string, Row>(model[^1], StringComparer.Ordinal);
            var revision = (long)model.Count;
            switch (random.Next(20))
            {
                case < 9:
                    replica.Do(Requests.Put(PutInto(now, random, revision, i), $"{i}"));
                    break;
                case < 13:
                    var (from, end) = (Key(random), random.Next(3) == 0 ? Key(random) : "");
                    replica.Do(Requests.Delete(from, end));
                    DeleteFrom(now, from, end);
                    break;
                case < 16:
                    var deleted = Key(random);
                    DeleteFrom(now, deleted, "");
                    var put = PutInto(now, random, revision, i);
                    replica.Do(Requests.Txn([], [Requests.Delete(deleted), Requests.Put(put, $"{i}")]));
                    break;
                case 16:
                    var at = random.NextInt64(compacted + 1, Math.Max(compacted + 2, model.Count));
                    if (replica.Compact(at) == StorageError.None)
                        compacted = at;
                    break;
                case 17:
                    replica.Machine.Sweep.Step(random.Next(1, 20));
                    break;
                case 18:
                    replica.Commit();
                    break;
                default:
                    if (random.Next(5) == 0)
                        replica = Restart(replica);
                    break;
            }
            if (!now.SequenceEqual(model[^1]))
                model.Add(now);
            Assert.True(replica.State.Current.Revision == model.Count - 1, $"seed {seed}, step {i}");
            if (i % 25 == 0)
                Check(replica, model, compacted, random.NextInt64(Math.Max(1, compacted), model.Count), seed);
        }
        replica.Sweep();
        replica.Commit();
        for (var revision = Math.Max(1, compacted); revision < model.Count; revision++)
            Check(replica, model, compacted, revision, seed);
        if (compacted > 1)
            Assert.Equal(StorageError.Compacted, replica.RangeError(Requests.Range("a", revision: compacted - 1)));
    }

    private static void Check(Replica replica, List<SortedDictionary<string, Row>> model, long compacted, long revision, int seed)
    {
        Assert.True(revision >= compacted);
        var expected = string.Join('\n', model[(int)revision].Select(row =>
            $"{row.Key}={row.Value.Value} c{row.Value.Create} m{row.Value.Mod} v{row.Value.Version} l0"));
        Assert.True(expected == replica.Dump(revision), $"seed {seed}, revision {revision}\nexpected\n{expected}\ngot\n{replica.Dump(revision)}");
        var limited = replica.Range(new RangeRequest { Key = Requests.Utf8("b"), RangeEnd = Requests.Utf8("f"), Limit = 2, Revision = revision });
        var inRange = model[(int)revision].Keys.Count(key => string.CompareOrdinal(key, "b") >= 0 && string.CompareOrdinal(key, "f") < 0);
        Assert.Equal(inRange, limited.Count);
        Assert.Equal(inRange > 2, limited.More);
        Assert.Equal(Math.Min(2, inRange), limited.Kvs.Count);
    }

    private static Replica Restart(Replica replica)
    {
        var hash = Core.Reads.StateReads.Hash(replica.State, 0).Hash;
        var restarted = replica.AfterCrash(replica.Log);
        restarted.Log.AddRange(replica.Log);
        Assert.Equal(hash, Core.Reads.StateReads.Hash(restarted.State, 0).Hash);
        return restarted;
    }

    private static string Key(Random random) => ((char)('a' + random.Next(8))).ToString() + random.Next(3);

    private static string PutInto(SortedDictionary<string, Row> rows, Random random, long revision, int value)
    {
        var key = Key(random);
        rows[key] = rows.TryGetValue(key, out var old)
            ? new Row($"{value}", old.Create, revision, old.Version + 1)
            : new Row($"{value}", revision, revision, 1);
        return key;
    }

    private static void DeleteFrom(SortedDictionary<string, Row> rows, string from, string end)
    {
        foreach (var key in rows.Keys.ToArray())
        {
            if (end.Length == 0 ? key == from : string.CompareOrdinal(key, from) >= 0 && string.CompareOrdinal(key, end) < 0)
                rows.Remove(key);
        }
    }
}
