using Bench.Measure;
using Bench.Workloads;
using EtcdApi.Wire;
using Storage.Contracts;
using Storage.Core.Reads;
using Storage.Core.State;

namespace Bench.Store;

/// <summary>Ranges of one key that exists, straight through <see cref="StateReads"/>, on this thread.</summary>
internal static class RangeCost
{
    private const int Requests = 50_000;

    /// <summary>Microseconds and allocated bytes of one range of a random key below <paramref name="keys"/>.</summary>
    public static (double Microseconds, double Bytes) Measure(PublishedState state, int keys, int ranges, ulong seed)
    {
        var random = new KeyRandom(seed);
        byte[][] requests = [.. Enumerable.Range(0, Requests).Select(_ => Request(random.Next(keys)))];
        var before = GC.GetAllocatedBytesForCurrentThread();
        var began = ThreadClock.Microseconds();
        for (var i = 0; i < ranges; i++)
        {
            var result = StateReads.Range(state, requests[i % Requests]);
            if (result.Error != StorageError.None || result.Body.Length < StoreKeys.Bytes)
                throw new BenchException("a range did not find its key");
        }
        var microseconds = ThreadClock.Microseconds() - began;
        return (microseconds / ranges, (double)(GC.GetAllocatedBytesForCurrentThread() - before) / ranges);
    }

    /// <summary>Milliseconds of counting all keys.</summary>
    public static double Count(PublishedState state, int keys)
    {
        var request = new byte[16];
        var writer = new ProtoWriter(request);
        writer.Bytes(1, [0]);
        writer.Bytes(2, [0]);
        writer.Varint(9, 1);
        var began = ThreadClock.Microseconds();
        var result = StateReads.Range(state, request.AsSpan(0, writer.Written));
        var milliseconds = (ThreadClock.Microseconds() - began) / 1000;
        if (Responses.Number(result.Body.Span, 4) != keys)
            throw new BenchException($"counted {Responses.Number(result.Body.Span, 4)} of {keys} keys");
        return milliseconds;
    }

    private static byte[] Request(int key)
    {
        var request = new byte[ProtoWriter.BytesSize(1, StoreKeys.Bytes)];
        Span<byte> bytes = stackalloc byte[StoreKeys.Bytes];
        StoreKeys.Write(key, bytes);
        scoped var writer = new ProtoWriter(request);
        writer.Bytes(1, bytes);
        return request;
    }
}
