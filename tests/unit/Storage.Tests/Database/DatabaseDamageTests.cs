using Storage.Contracts.Commands;
using Storage.Core.Bolt;
using Storage.Core.Reads;
using Storage.Tests.Bolt;
using Storage.Tests.Harness;

namespace Storage.Tests.Database;

/// <summary>
/// Goal: a database whose pages are sound and whose rows are not is refused, or loaded as a state that works; nothing crashes (I10, I11). Method: seeded changes
/// to the rows of a sound database.
/// </summary>
public sealed class DatabaseDamageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Load_AnyRowChanged_IsRefusedOrWorks(int seed)
    {
        var random = new Random(seed);
        var sound = DatabaseRoundTripTests.Fill(alarms: true, large: false, v2: true);
        var (refused, loaded) = (0, 0);
        for (var round = 0; round < 150; round++)
        {
            var buckets = DatabaseFiles.Save(sound.Tree).ReadAll();
            for (var change = random.Next(1, 4); change > 0; change--)
                Change(buckets, random);
            if (Works(MemoryBolt.Write(buckets)))
                loaded++;
            else
                refused++;
        }
        Assert.True(refused > 30 && loaded > 10, $"{refused} refused, {loaded} loaded");
    }

    // False when it is refused; anything but a refusal fails the test.
    private static bool Works(MemoryBolt file)
    {
        Replica replica;
        try
        {
            replica = DatabaseFiles.Load(file);
        }
        catch (Exception refusal) when (refusal is BoltDamagedException or InvalidDataException)
        {
            return false;
        }
        replica.Dump();
        replica.Sweep();
        replica.Dump();
        foreach (var path in new[] { "/d", "/h", "/d/g/new", "/new" })
        {
            replica.Do(new V2Write { Operation = V2Write.Types.Operation.Set, Path = path, Value = Requests.Utf8("w") });
            StateReads.V2(replica.State, "/", recursive: true, replica.NowUnixNanos);
        }
        replica.Do(new V2Write { Operation = V2Write.Types.Operation.Delete, Path = "/d", Dir = true, Recursive = true });
        replica.Commit();
        DatabaseFiles.Save(replica.Tree).ReadAll();
        return true;
    }

    private static void Change(Dictionary<string, SortedDictionary<byte[], byte[]>> buckets, Random random)
    {
        var rows = buckets.Values.Where(static rows => rows.Count > 0).ElementAt(random.Next(buckets.Values.Count(static rows => rows.Count > 0)));
        var (key, value) = rows.ElementAt(random.Next(rows.Count));
        switch (random.Next(5))
        {
            case 0:
                rows.Remove(key);
                break;
            case 1:
                rows[key] = value[..random.Next(value.Length + 1)];
                break;
            case 2 when value.Length > 0:
                rows[key] = [.. value.Select((one, at) => at == random.Next(value.Length) ? (byte)random.Next(256) : one)];
                break;
            case 3:
                rows.Remove(key);
                var changed = key.ToArray();
                changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
                rows[changed] = value;
                break;
            default:
                rows[key] = rows.ElementAt(random.Next(rows.Count)).Value;
                break;
        }
    }
}
