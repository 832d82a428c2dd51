using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;

namespace EndToEnd.Tests.Durability;

/// <summary>
/// Writers that count up, each on a key of its own, and remember the last value that was acknowledged. After a crash a key must hold
/// that value, or a later one that was on its way (I1).
/// </summary>
public sealed class AcknowledgedWrites
{
    private readonly ConcurrentDictionary<string, long> _v3 = new(), _v2 = new();

    /// <summary>Acknowledged writes so far.</summary>
    public long Count => _v3.Values.Sum() + _v2.Values.Sum();

    /// <summary>Writes until the server is gone; every writer ends by itself then.</summary>
    public async Task WriteUntilCrashAsync(Deployment deployment, int round, int writersPerApi)
    {
        using var v3 = new V3Client(deployment.Client);
        using var v2 = new V2Client(deployment.OldClient);
        var writers = Enumerable.Range(0, writersPerApi).SelectMany(n => (IEnumerable<Task>)
        [
            CountUpAsync(_v3, $"durable/{round}/{n}", async (key, value) => await v3.PutAsync(key, value)),
            CountUpAsync(_v2, $"durable-{round}/{n}", async (key, value) =>
            {
                var answer = await v2.PutAsync("v2/keys/" + key, ("value", value));
                Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created, answer.Body.ToString());
            }),
        ]);
        await Task.WhenAll(writers);
    }

    /// <summary>Reads every key back.</summary>
    public async Task VerifyAsync(Deployment deployment)
    {
        using var v3 = new V3Client(deployment.Client);
        using var v2 = new V2Client(deployment.OldClient);
        foreach (var (key, acknowledged) in _v3)
        {
            var kvs = (await v3.RangeAsync(key)).Kvs;
            AssertHeld(key, acknowledged, kvs.Count == 1 ? kvs[0].Value.ToStringUtf8() : null);
            Assert.Equal(long.Parse(kvs[0].Value.Span), kvs[0].Version); // Each number was written once (I8).
        }
        foreach (var (key, acknowledged) in _v2)
        {
            var answer = await v2.GetAsync("v2/keys/" + key);
            AssertHeld(key, acknowledged, answer.Status == HttpStatusCode.OK ? answer.Node.GetProperty("value").GetString() : null);
        }
    }

    private static void AssertHeld(string key, long acknowledged, string? value) =>
        Assert.True(
            long.TryParse(value, out var held) && (held == acknowledged || held == acknowledged + 1),
            $"{key}: {acknowledged} was acknowledged, the store holds {value ?? "nothing"}");

    private static async Task CountUpAsync(ConcurrentDictionary<string, long> acknowledged, string key, Func<string, string, Task> write)
    {
        for (var number = 1L; ; number++)
        {
            try
            {
                await write(key, number.ToString());
            }
            catch (Exception error) when (error is RpcException or HttpRequestException or IOException)
            {
                return; // The server is gone: this number was not acknowledged.
            }
            acknowledged[key] = number;
        }
    }
}
