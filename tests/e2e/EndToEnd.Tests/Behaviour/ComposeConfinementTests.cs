namespace EndToEnd.Tests.Behaviour;

/// <summary>Goal: a service that is taken over can change nothing but its own data. Method: asks the engine and the containers themselves.</summary>
[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine)]
public sealed class ComposeConfinementTests(ComposeFixture fixture)
{
    private const long GiB = 1024L * 1024 * 1024;

    // Three of them have no data, and so no folder to write to.
    private static readonly (string, long, string)[] s_services =
        [("consensus-1", 2 * GiB, "yes"), ("storage", 8 * GiB, "yes"), ("watch-hub", 2 * GiB, "no"), ("lease-manager", 2 * GiB, "no"), ("api-gateway", 2 * GiB, "no"), ("proxy", 2 * GiB, "no")];

    private const string Attempts = """
        try() { touch "$1/of-a-test" 2>/dev/null && rm "$1/of-a-test" && echo yes || echo no; }
        [ "$(id -u)" = 0 ] && root=yes || root=no
        echo "root $root, data $(try /data), temporary $(try /tmp), image $(try /app), capabilities $(sed -n 's/^CapBnd:[^0-9a-f]*//p' /proc/self/status)"
        """;

    [DeploymentFact]
    public async Task Services_HaveNoPrivilegesAndWriteToTheirDataOnly()
    {
        var deployment = (ComposeDeployment)fixture.Deployment;
        foreach (var (service, bytes, data) in s_services)
        {
            Assert.Equal(
                $"{service} true {bytes} 1024 [no-new-privileges:true]",
                $"{service} " + await deployment.InspectAsync(
                    service, 1, "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.SecurityOpt}}"));
            Assert.Equal(
                $"{service}: root no, data {data}, temporary yes, image no, capabilities 0000000000000000",
                $"{service}: " + (await deployment.ShellAsync(service, 1, Attempts)).Trim());
        }
    }
}
