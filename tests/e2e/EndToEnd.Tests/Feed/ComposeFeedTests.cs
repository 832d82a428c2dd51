using WatchHub.Messages;
using Xunit.Abstractions;

namespace EndToEnd.Tests.Feed;

/// <summary>
/// Goal: with one more file a running stack feeds RabbitMQ, and no consumer misses a change whatever container is killed. Method: two hubs and the broker in containers, writers through
/// the proxy, a consumer at the broker's published port; the hub that runs the feed is killed, then the broker.
/// </summary>
[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine)]
public sealed class ComposeFeedTests(ComposeFixture fixture, ITestOutputHelper output)
{
    private const string Hub = "watch-hub", Broker = "rabbitmq", Active = "distributed_feed_active{feed=\"orders\"}";
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly ComposeDeployment _deployment = (ComposeDeployment)fixture.Deployment;

    [DeploymentFact]
    public async Task KillsOfHubAndBroker_LeaveNoGap_AndKeepTheOrder()
    {
        await _deployment.StartFeedsAsync(hubs: 2);
        try
        {
            await using var consumer = await FeedConsumer.StartAsync(_deployment.Broker, "orders-copy", "distributed.feed.orders");
            var first = await RunsFeedAsync(1, 2);
            await using var writers = new KeyWriters(_deployment.Client, "/orders/", 4);
            writers.Start();
            await writers.AwaitWrittenAsync(200);
            await consumer.FirstAsync<KeyChanged>(static change => change.Version > 5);

            await _deployment.KillAsync(Hub, first);
            await RunsFeedAsync(3 - first);
            await writers.AwaitWrittenAsync(100);
            await _deployment.StartAsync(Hub, first);

            await _deployment.KillAsync(Broker, 1);
            await writers.AwaitWrittenAsync(100);
            await _deployment.StartAsync(Broker, 1);
            await writers.AwaitWrittenAsync(100);
            await writers.StopAsync();
            var repeats = await writers.CheckAsync(consumer, "");
            output.WriteLine($"{writers.Written} changes, {repeats} of them more than once");

            // As the services: nothing but its data, and no privilege.
            Assert.Equal(
                "true 2147483648 1024 [no-new-privileges:true] [ALL]",
                await _deployment.InspectAsync(Broker, 1, "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.SecurityOpt}} {{.HostConfig.CapDrop}}"));
            Assert.NotEqual("0", (await _deployment.ShellAsync(Broker, 1, "id -u")).Trim());
            Assert.Contains("Memory high watermark set to 1024 MiB", await _deployment.FeedLogsAsync(Broker), StringComparison.Ordinal);
        }
        catch (Exception)
        {
            output.WriteLine(await _deployment.FeedLogsAsync(Hub, Broker));
            throw;
        }
        finally
        {
            await _deployment.EndFeedsAsync();
        }
    }

    /// <summary>Which of these hubs runs the feed, once one does.</summary>
    private async Task<int> RunsFeedAsync(params int[] hubs)
    {
        var found = 0;
        await Poll.UntilAsync($"hub {string.Join(" or ", hubs)} to run the feed", s_deadline, async () =>
        {
            foreach (var hub in hubs)
            {
                if (await _deployment.FindMetricAsync(Hub, hub, Active) == 1)
                    found = hub;
            }
            return found != 0;
        });
        return found;
    }
}
