using System.Globalization;
using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Clocks;
using Chaos.Tests.Harness.Disks;
using Chaos.Tests.Workload;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: clients of both gateways notice next to nothing while a consensus member has a slow or full disk, or a member or the lease manager a clock that jumps. Method:
/// <see cref="ComposeScenario"/>, each on a stack of its own: volumes on disks of the test's, and this machine's libfaketime, which the images do not hold, mounted into containers.
/// </summary>
public sealed class ComposeMachineTests(ITestOutputHelper output) : ComposeScenario(output)
{
    // The user that the images run as.
    private const string ContainerUser = "1654";
    private const string LeaseManager = "lease-manager";

    [ChaosFact(Need.ContainerEngine | Need.OwnDisk)]
    public async Task DisksOfMembersSlowAndFull_ClientsOfBothGateways_GoOn()
    {
        using var folder = new TempFolder();
        var disks = new Dictionary<string, LoopDisk>();
        try
        {
            foreach (var member in Members)
            {
                var disk = disks[member] = await LoopDisk.CreateAsync();
                await Command.RunAsync("chown", ContainerUser, disk.Path);
            }
            var changes = Path.Combine(Directory.CreateDirectory(folder.Sub("compose")).FullName, "disks.yaml");
            await File.WriteAllTextAsync(changes, "volumes:\n" + string.Concat(disks.Select(disk =>
                $"  {disk.Key}:\n    driver: local\n    driver_opts: {{ type: none, o: bind, device: \"{disk.Value.Path}\" }}\n")));
            await RunOnOneOfItsOwnAsync(changes, async () =>
            {
                foreach (var victim in (Func<Task<StackContainer>>[])[() => LeaderAsync(), () => FollowerAsync()])
                {
                    var member = await victim();
                    SlowDisk? slow = null;
                    await StrikeAsync(
                        member, "disk slow",
                        struck => Do(() => slow = disks[struck.Service].Slow()), async _ => await slow!.DisposeAsync());
                    // A member may live on what it has allocated, refuse writes, or end and be started again: its choice. Others go on.
                    await StrikeAsync(
                        await victim(), "disk full",
                        struck => disks[struck.Service].FillAsync(), struck => Do(disks[struck.Service].Empty));
                }
            });
        }
        finally
        {
            foreach (var disk in disks.Values)
                await disk.DisposeAsync();
        }
    }

    [ChaosFact(Need.ContainerEngine | Need.OwnClock)]
    public async Task ClocksOfMembersAndLeaseManagerJump_ClientsOfBothGateways_NoticeNothing()
    {
        const string Library = "/faketime/libfaketime.so.1", Folder = "/clock", Key = "leased";
        using var folder = new TempFolder();
        var clocks = new Dictionary<string, FakeClock>();
        var changes = "services:\n";
        foreach (var service in (string[])[.. Members, LeaseManager])
        {
            var own = Directory.CreateDirectory(folder.Sub(service)).FullName;
            var clock = clocks[service] = new FakeClock(Path.Combine(own, "offset"), ($"{Folder}/offset", Library));
            changes += $"  {service}:\n    volumes: [\"{FakeClock.Library}:{Library}:ro\", \"{own}:{Folder}:ro\"]\n    environment:\n"
                + string.Concat(clock.Environment.Select(variable => $"      {variable.Key}: \"{variable.Value}\"\n"));
        }
        var overlay = Path.Combine(Directory.CreateDirectory(folder.Sub("compose")).FullName, "clocks.yaml");
        await File.WriteAllTextAsync(overlay, changes);
        await RunOnOneOfItsOwnAsync(overlay, async () =>
        {
            using var channel = EtcdCalls.Connect(Stack.Gateways[0].Endpoint);
            var lease = await EtcdCalls.GrantAsync(channel, new LeaseGrantRequest { TTL = 600 }, RequestLimit);
            await EtcdCalls.PutAsync(channel, new PutRequest { Key = ByteString.CopyFromUtf8(Key), Lease = lease.ID }, RequestLimit);
            List<TimeSpan> jumps = [];
            foreach (var offset in (TimeSpan[])[TimeSpan.FromHours(1), TimeSpan.FromHours(-1)])
            {
                foreach (var victim in (Func<Task<StackContainer>>[])[() => LeaderAsync(), () => FollowerAsync(), () => Task.FromResult(Of(LeaseManager))])
                {
                    jumps.Add(await StrikeAsync(
                        await victim(), $"clock off by {offset}",
                        struck => JumpAsync(struck, clocks[struck.Service], offset), struck => JumpAsync(struck, clocks[struck.Service], TimeSpan.Zero)));
                    var left = await EtcdCalls.RangeAsync(channel, new RangeRequest { Key = ByteString.CopyFromUtf8(Key) }, RequestLimit);
                    Assert.True(left.Kvs.Count == 1, $"the lease ended with a clock off by {offset} (I7)");
                }
            }
            AssertMedian(jumps, MaxGapAfterKill, "jumps");
        });
    }

    private async Task JumpAsync(StackContainer member, FakeClock clock, TimeSpan offset)
    {
        clock.Set(offset);
        // Asked of the service itself: a new process would see the new clock at once.
        const string Ask = "exec 3<>/dev/tcp/127.0.0.1/8081; printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost:8081\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3";
        await Poll.UntilAsync($"the clock of {member.Service} to jump", Deadline, async () =>
        {
            var answer = await Stack.Project.DockerAsync("exec", member.Name, "bash", "-c", Ask);
            var date = answer.Split('\n').First(line => line.StartsWith("Date: ", StringComparison.OrdinalIgnoreCase))["Date: ".Length..].Trim();
            return FakeClock.Shows(DateTimeOffset.Parse(date, CultureInfo.InvariantCulture), offset);
        });
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private async Task RunOnOneOfItsOwnAsync(string changes, Func<Task> strikes)
    {
        await using var stack = await ComposeStack.StartAsync(changes);
        await RunAsync(stack, 0, strikes);
    }
}
