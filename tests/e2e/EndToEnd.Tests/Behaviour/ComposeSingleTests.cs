namespace EndToEnd.Tests.Behaviour;

/// <summary>Goal: the file for laptops is one container that serves both APIs and keeps its data. Method: real etcdctl and v2 requests; the container is stopped, removed and made again.</summary>
[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine, Tool.Etcdctl)]
public sealed class ComposeSingleTests
{
    private readonly int[] _ports = Ports.Free(2);

    [DeploymentFact]
    public async Task Standalone_ServesAndKeepsItsData()
    {
        var project = new ComposeProject("compose.single.yaml", new Dictionary<string, string?> { ["CLIENT_PORT"] = $"{_ports[0]}", ["CLIENT_PORT_OLD"] = $"{_ports[1]}" });
        try
        {
            await project.BuildAsync();
            await project.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait");
            var ctl = new Etcdctl(new Uri($"http://127.0.0.1:{_ports[0]}/"));
            using (var v2 = new V2Client(new Uri($"http://127.0.0.1:{_ports[1]}/")))
                await v2.PutAsync("v2/keys/a", ("value", "1"));
            await ctl.OutputAsync("put", "k", "v");
            await project.ComposeAsync(ComposeProject.UpDeadline, "stop");
            Assert.Equal("standalone 0", (await project.ComposeAsync(ComposeProject.UpDeadline, "ps", "--all", "--format", "{{.Service}} {{.ExitCode}}")).Trim());
            await project.ComposeAsync(ComposeProject.UpDeadline, "rm", "--force");
            await project.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait");
            Assert.Equal("v", (await ctl.OutputAsync("get", "k", "--print-value-only")).Trim());
            Assert.Contains($"http://localhost:{_ports[0]}", await ctl.OutputAsync("member", "list"), StringComparison.Ordinal);
        }
        catch (Exception error) when (error is TimeoutException or InvalidOperationException or Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException(await project.ComposeAsync(ComposeProject.UpDeadline, "logs", "--no-color", "--tail", "60"), error);
        }
        finally
        {
            await project.StopAsync();
        }
    }
}
