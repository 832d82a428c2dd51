using System.Diagnostics;
using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using EtcdApi.Etcdserverpb;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: of two lease managers one is active, and when it goes the other takes over within bounds: no lease ends early (I7), none is kept long, no keep-alive
/// stream breaks. Method: processes of services, clients that keep a hundred leases alive and let others end; the active manager is killed, frozen,
/// told to stop, in turn.
/// </summary>
public sealed class LeaseHandoverTests(ITestOutputHelper output)
{
    private const int Keepers = 100, Dying = 20;
    private const long DyingTtl = 3;
    private static readonly TimeSpan s_maxTakeover = TimeSpan.FromSeconds(2);

    // A manager that is told to stop gives its claim up: nobody waits for it to be silent.
    private static readonly TimeSpan s_maxHandover = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_maxLate = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    [ChaosFact]
    public async Task ActiveManagerKilledFrozenAndStopped_TheOtherTakesOver_NoLeaseEndsEarlyOrIsKeptLong()
    {
        var program = new SplitProgram { HasSecondManager = true };
        await using var cluster = await ChaosCluster.StartAsync(program, new ClusterOptions { Members = 1 });
        var endpoint = cluster.Members[0].Endpoint;
        try
        {
            await using var keepers = new LeaseKeepers();
            await keepers.AddAsync(Keepers, _ => cluster.Members[0].Connect(), "kept");
            await using var dying = await DyingLeases.StartAsync(endpoint);

            await RoundAsync(
                "killed", s_maxTakeover, active => cluster.Beside.EndAsync(process => process.Kill(), "killed", active), active => Do(() => cluster.Beside.Start(active)));
            await RoundAsync(
                "frozen", s_maxTakeover,
                active => Do(() => cluster.Beside.Signal(process => process.Freeze(), active)), active => Do(() => cluster.Beside.Signal(process => process.Thaw(), active)));
            var stopping = Task.CompletedTask;
            await RoundAsync(
                "told to stop", s_maxHandover,
                active => Do(() => stopping = cluster.Beside.EndAsync(process => process.Terminate(), "terminated", active)), _ => stopping);

            await keepers.CheckAsync();

            async Task RoundAsync(string what, TimeSpan maxTakeover, Func<string, Task> strike, Func<string, Task> mend)
            {
                await cluster.AllHealthyAsync();
                var active = await ActiveAsync(program);
                // Half of them begin so that they would end while nobody is active.
                await dying.GrantAsync(Dying / 2, DyingTtl);
                await Task.Delay(TimeSpan.FromSeconds(DyingTtl - 0.5)); // The leases' own time passes: the fault is to fall into their last half second.
                await dying.GrantAsync(Dying / 2, DyingTtl);
                var struck = Stopwatch.GetTimestamp();
                await strike(active);
                await ActiveAsync(program, otherThan: active);
                await AnsweredAsync(endpoint);
                var takenOver = Stopwatch.GetTimestamp();
                var takeover = Stopwatch.GetElapsedTime(struck, takenOver);
                await mend(active);
                var lives = await dying.EndedAsync(s_limit);
                var late = lives.Max(life => life.LateBy(struck, takenOver));
                var early = lives.Min(life => life.SinceAsked - life.Ttl);
                output.WriteLine(
                    $"{what}: keep-alives answered again after {takeover.TotalMilliseconds:F0} ms; of {lives.Count} leases that ended, the first "
                    + $"{early.TotalMilliseconds:F0} ms after its TTL, the last {late.TotalMilliseconds:F0} ms after its TTL and the takeover");
                Assert.True(takeover < maxTakeover, $"{what}: taken over after {takeover.TotalMilliseconds:F0} ms");
                Assert.All(lives, life => Assert.True(life.SinceAsked >= life.Ttl, $"{what}: {life.Key} ended {(life.Ttl - life.SinceAsked).TotalMilliseconds:F0} ms early (I7)"));
                Assert.True(late < s_maxLate, $"{what}: a lease was kept {late.TotalMilliseconds:F0} ms too long");
                await keepers.CheckAsync();
            }
        }
        catch (Exception)
        {
            output.WriteLine(cluster.Log);
            throw;
        }
    }

    private static Task<string> ActiveAsync(SplitProgram program, string? otherThan = null) => Poll.UntilAsync("an active lease manager", s_limit, async () =>
    {
        foreach (var (role, url) in program.ManagerUrls.Where(manager => manager.Key != otherThan))
            if (await ManagerCalls.IsActiveAsync(url))
                return role;
        return null;
    });

    // A new lease's keep-alive, asked for once: it is answered when a manager is active.
    private static async Task AnsweredAsync(Uri endpoint)
    {
        using var channel = EtcdCalls.Connect(endpoint);
        using var patience = new CancellationTokenSource(s_limit);
        var lease = (await EtcdCalls.GrantAsync(channel, new LeaseGrantRequest { TTL = 60 }, s_limit)).ID;
        using var call = EtcdCalls.KeepAlive(channel, patience.Token);
        await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = lease });
        Assert.True(await call.ResponseStream.MoveNext(patience.Token));
        Assert.Equal(60, call.ResponseStream.Current.TTL);
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
