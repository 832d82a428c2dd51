using Hosting;
using LeaseManager.Host;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LeaseManager.Tests.Core;

/// <summary>How often is noted what is left of leases, as the manager is told.</summary>
public sealed class CheckpointSettingTests
{
    [Theory]
    [InlineData(null, null, 300)]
    [InlineData("true", "", 300)]
    [InlineData("true", "1m30s", 90)]
    [InlineData(null, "1s", 1)]
    public void CheckpointInterval_Told_IsThat(string? isOn, string? interval, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(isOn, interval).CheckpointInterval);

    [Fact]
    public void CheckpointInterval_Off_IsNone() => Assert.Null(Read("false", "1s").CheckpointInterval);

    [Theory]
    [InlineData("999ms", "LeaseManager:CheckpointInterval: \"999ms\" is less than a second")]
    [InlineData("5", "LeaseManager:CheckpointInterval: time: missing unit in duration \"5\"")]
    public void CheckpointInterval_NotUsable_IsRefused(string interval, string text) =>
        Assert.Equal(text, Assert.Throws<ConfigurationException>(() => Read(null, interval)).Message);

    private static LeaseManagerOptions Read(string? isOn, string? interval)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["LeaseManager:Checkpoints"] = isOn, ["LeaseManager:CheckpointInterval"] = interval }).Build();
        return (LeaseManagerOptions)new ServiceCollection().AddLeaseManager(configuration).Single(one => one.ServiceType == typeof(LeaseManagerOptions)).ImplementationInstance!;
    }
}
