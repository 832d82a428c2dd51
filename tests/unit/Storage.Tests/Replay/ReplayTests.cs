using System.Security.Cryptography;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Reads;
using Storage.Core.Tree;
using Storage.Tests.Harness;

namespace Storage.Tests.Replay;

/// <summary>
/// Goal: the same log gives the same state, byte for byte (I3), and a crash at any commit loses and repeats nothing (I2, I8). Method: a random log
/// of all kinds of commands; replicas that commit, crash, sweep and replay at different points are compared by every stored byte.
/// </summary>
public sealed class ReplayTests
{
    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public void Replay_TwiceFromTheStart_GivesTheSameBytes(int seed)
    {
        var origin = Drive(seed, 600);
        var copy = new Replica().AfterCrash(origin.Log);
        Assert.Equal(Fingerprint(origin), Fingerprint(copy));
        Assert.Equal(StateReads.Hash(origin.State, 0), StateReads.Hash(copy.State, 0));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    public void Replay_AfterACrashAtAnyCommitPoint_GivesTheSameBytesAndResults(int seed)
    {
        var origin = Drive(seed, 120);
        var expected = Fingerprint(origin);
        for (var cut = 0; cut <= origin.Log.Count; cut += 3)
        {
            var first = new Replica();
            foreach (var entry in origin.Log.Take(cut))
                first.Replay(entry, out _);
            first.Commit();
            // More was applied than committed: the crash takes it away again.
            foreach (var entry in origin.Log.Skip(cut).Take(5))
                first.Replay(entry, out _);
            var second = first.AfterCrash([]);
            Assert.Equal((ulong)cut, second.Machine.AppliedIndex.Value);
            foreach (var entry in origin.Log)
                Assert.Equal(entry.Index.Value > (ulong)cut, second.Replay(entry, out _));
            Assert.True(expected == Fingerprint(second), $"seed {seed}, crash at {cut}");
        }
    }

    [Fact]
    public void Replay_RepeatedProposals_AnswerAlikeWithAndWithoutACrash()
    {
        var origin = Drive(41, 200);
        var repeat = origin.Log[^1] with { Index = origin.Machine.AppliedIndex.Next };
        var restarted = origin.AfterCrash(origin.Log);
        Assert.True(origin.Replay(repeat, out var first));
        Assert.True(restarted.Replay(repeat, out var second));
        Assert.Equal(first.Body.ToArray(), second.Body.ToArray());
        Assert.Equal(first with { Body = default }, second with { Body = default });
        Assert.NotEqual(repeat.Index, first.Index);
    }

    internal static Replica Drive(int seed, int commands)
    {
        var random = new Random(seed);
        var replica = new Replica();
        for (var i = 0; i < commands; i++)
        {
            replica.Session = new SessionId((ulong)random.Next(1, 4));
            replica.NowUnixNanos += random.NextInt64(Replica.Second);
            if (random.Next(15) == 0 && replica.Log.Count > 0)
            {
                var again = replica.Log[random.Next(Math.Max(0, replica.Log.Count - 5), replica.Log.Count)];
                var repeat = again with { Index = replica.Machine.AppliedIndex.Next };
                replica.Log.Add(repeat);
                replica.Replay(repeat, out _);
                continue;
            }
            replica.Do(Command(random, replica, i));
        }
        return replica;
    }

    private static IMessage Command(Random random, Replica replica, int i)
    {
        var key = $"{(char)('a' + random.Next(6))}";
        return random.Next(18) switch
        {
            < 5 => Requests.Put(key, $"{i}", lease: random.Next(3) == 0 ? random.Next(1, 4) : 0, prev: random.Next(2) == 0),
            5 => Requests.Delete(key, random.Next(2) == 0 ? "d" : ""),
            6 or 7 => Requests.Txn([Requests.VersionIs(key, random.Next(3))], [Requests.Put(key, $"{i}"), Requests.Range("a", "z")], [Requests.Delete(key)]),
            8 => new CompactionRequest { Revision = replica.State.Current.Revision - random.Next(10) },
            9 => new LeaseGrantRequest { ID = random.Next(1, 4), TTL = 60 },
            10 => new LeaseRevokeRequest { ID = random.Next(1, 4) },
            11 => new LeaseClaim { Manager = "m" },
            12 => new LeaseExpire { Epoch = replica.State.Current.Leases.Claim.Epoch, KnownIndex = ulong.MaxValue, Ids = { random.Next(1, 4), random.Next(1, 4) } },
            16 => new LeaseCheckpoints
            {
                Epoch = replica.State.Current.Leases.Claim.Epoch, KnownIndex = ulong.MaxValue, Ids = { random.Next(1, 4) }, RemainingSeconds = { random.Next(0, 60) },
            },
            17 => random.Next(3) == 0
                ? new LeaseStandby { Manager = "n" }
                : new LeaseHold { Epoch = replica.State.Current.Leases.Claim.Epoch, Released = random.Next(4) == 0 },
            13 => new V2Expire { NowUnixNanos = replica.NowUnixNanos },
            _ => new V2Write
            {
                Operation = (V2Write.Types.Operation)random.Next(7), Path = $"/{key}/{random.Next(3)}", Value = Requests.Utf8($"{i}"), Recursive = true,
                ExpiresAtUnixNanos = replica.NowUnixNanos + random.NextInt64(20 * Replica.Second), PrevIndex = (ulong)random.Next(20),
            },
        };
    }

    // Every byte of every table once all is swept and committed. How far a sweep has come is a replica's own matter.
    internal static string Fingerprint(Replica replica)
    {
        replica.Sweep();
        replica.Commit();
        return Fingerprint(replica.Tree);
    }

    /// <summary>Of what is committed.</summary>
    internal static string Fingerprint(ITree tree)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var snapshot = tree.OpenSnapshot();
        for (byte table = 1; table <= 7; table++)
        {
            for (var row = snapshot.Seek(new TableId(table), []); row.MoveNext();)
            {
                hash.AppendData([table, (byte)row.Key.Length]);
                hash.AppendData(row.Key);
                hash.AppendData(row.Value);
            }
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
