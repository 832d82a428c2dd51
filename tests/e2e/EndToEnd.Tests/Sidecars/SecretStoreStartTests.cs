namespace EndToEnd.Tests.Sidecars;

/// <summary>Goal: a service whose secrets cannot be had says so in one line, soon, and ends. Method: the built hub, and no sidecar.</summary>
public sealed class SecretStoreStartTests
{
    [Fact]
    public async Task Start_WithoutASidecar_SaysSoInALineAndEndsWith1()
    {
        var port = Ports.Free(1)[0];
        await using var hub = ChildProcess.Start(
            "dotnet", [Repository.Assembly("WatchHub.Host"), "--Services:Storage", "http://127.0.0.1:9", "--Dapr:SecretStore", "vault", "--Dapr:SecretPatience", "300ms"],
            new Dictionary<string, string?> { ["DAPR_GRPC_PORT"] = $"{port}", ["DAPR_API_TOKEN"] = AppIdFixture.Token });
        Assert.Equal(1, await hub.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        var line = Assert.Single(hub.Err.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"Dapr:SecretStore: the secrets of \"vault\" cannot be read from the sidecar at http://127.0.0.1:{port}: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain(AppIdFixture.Token, line, StringComparison.Ordinal);
    }
}
