using WatchHub.Messages;

namespace EndToEnd.Tests.Feed;

/// <summary>Goal: a feed gets into a broker that asks who it is, and says what is wrong when it does not. Method: a real RabbitMQ with a user of its own and with TLS.</summary>
[Collection(RabbitMqTests.Name), Needs(Tool.RabbitMq, Tool.Etcdctl)]
public sealed class FeedAccessTests(RabbitMqServer broker) : IDisposable
{
    private const string Refused = "distributed_feed_access_refused{feed=\"access\"}", Retries = "distributed_feed_retries_total{feed=\"access\"}";

    private readonly TempFolder _folder = new();

    private string PasswordFile => _folder.Sub("password");

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public async Task RefusedLogin_AtTheStartOrLater_IsTold_AndTheFeedGoesOnOnceThePasswordIsRight()
    {
        await File.WriteAllTextAsync(PasswordFile, "wrong-password\n");
        await using var consumer = await FeedConsumer.StartAsync(broker, "access-copy", "distributed.feed.access");
        await using var member = new FeedMember(broker, "access=/access/", ("User", broker.Feeder.User), ("PasswordFile", PasswordFile));
        await member.StartAsync();
        await member.AwaitActiveAsync("access");
        using var client = new V3Client(member.Client);
        await client.PutAsync("/access/1", "");
        await RefusedAsync(member, 1);
        Assert.Empty(consumer.Delivered);
        await File.WriteAllTextAsync(PasswordFile, broker.Feeder.Password + "\n");
        await consumer.FirstAsync<KeyChanged>(static change => change.Subject == "/access/1", () => member.Process.Err);
        await member.AwaitMetricAsync(Refused, static value => value == 0);

        await broker.ChangePasswordAsync();
        await client.PutAsync("/access/2", "");
        await RefusedAsync(member, 2);
        await File.WriteAllTextAsync(PasswordFile, broker.Feeder.Password + "\n");
        await consumer.FirstAsync<KeyChanged>(static change => change.Subject == "/access/2", () => member.Process.Err);
        await member.AwaitMetricAsync(Refused, static value => value == 0);
        Assert.DoesNotContain("wrong-password", member.Process.Err, StringComparison.Ordinal);
        Assert.DoesNotContain(broker.Feeder.Password, member.Process.Err, StringComparison.Ordinal);
    }

    /// <summary>Waits until the broker has refused the feed for so many times in all; each time but one line tells of it, whatever is tried.</summary>
    private static async Task RefusedAsync(FeedMember member, int times)
    {
        await member.AwaitMetricAsync(Refused, static value => value == 1);
        var retries = (await member.MetricsAsync())[Retries];
        await member.AwaitMetricAsync(Retries, value => value >= retries + 2);
        var told = member.Process.Err.Split('\n').Where(static line => line.Contains("does not let the feed in", StringComparison.Ordinal)).ToList();
        Assert.Equal(times, told.Count);
        Assert.All(told, static line => Assert.Contains("ACCESS_REFUSED", line, StringComparison.Ordinal));
        Assert.All(told, static line => Assert.Contains("\"level\":\"error\"", line, StringComparison.Ordinal));
    }

    /// <summary>Goal: what a cautious installation has, all at once. Method: the broker over TLS and with a user of its own, users in the store, cluster events.</summary>
    [DeploymentFact]
    public async Task OverTls_WithUsersInTheStore_ChangesAndMembersAreTold()
    {
        await File.WriteAllTextAsync(PasswordFile, broker.Feeder.Password);
        await using var consumer = await FeedConsumer.StartAsync(broker, "secure-copy", "distributed.feed.secure", "distributed.feed.cluster");
        await using var member = new FeedMember(broker, "secure=/secure/", ("User", broker.Feeder.User), ("PasswordFile", PasswordFile), ("ClusterEvents", "true"))
        {
            BrokerUrl = $"amqps://localhost:{broker.TlsPort}",
        };
        await member.StartAsync();
        var ctl = new Etcdctl(member.Client);
        await ctl.OutputAsync("user", "add", "root:secret");
        await ctl.OutputAsync("auth", "enable");
        await member.AwaitActiveAsync("secure");
        await ctl.OutputAsync("--user", "root:secret", "put", "/secure/1", "a");
        // Nobody vouches for the broker's certificate.
        await Poll.UntilAsync($"the certificate to be refused:\n{member.Process.Err}", TimeSpan.FromSeconds(30), () => Task.FromResult(
            member.Process.Err.Split('\n').Any(static line => line.Contains("feed secure", StringComparison.Ordinal) && line.Contains("certificate", StringComparison.Ordinal))));
        Assert.Empty(consumer.Changes);
        await member.StopAsync();

        member.Environment["SSL_CERT_FILE"] = broker.CaFile;
        await member.StartAsync();
        await consumer.FirstAsync<KeyChanged>(static change => change.Subject == "/secure/1", () => member.Process.Err);
        await member.AwaitActiveAsync("cluster");
        await ctl.OutputAsync("--user", "root:secret", "member", "add", "newcomer", "--learner", "--peer-urls=http://127.0.0.1:1");
        var changed = await consumer.FirstAsync<MemberChanged>(static _ => true, () => member.Process.Err);
        Assert.Equal(["http://127.0.0.1:1"], changed.PeerUrls);
        await ctl.OutputAsync("--user", "root:secret", "put", "/secure/2", "b");
        await consumer.FirstAsync<KeyChanged>(static change => change.Subject == "/secure/2", () => member.Process.Err);
    }
}
