namespace EndToEnd.Tests.Deployments;

/// <summary>Goal: builds of tests do not fill the machine with images, and take nothing that is not theirs. Method: an image of no content that is built twice, and one that another project built.</summary>
[Needs(Tool.ContainerEngine)]
public sealed class ComposeBuildTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public async Task ImageThatIsReplaced_Goes_ThatOfAnotherProjectStays()
    {
        var image = $"compose-build-tests/{Guid.NewGuid():n}";
        var other = Project(image, "0");
        await other.ComposeAsync(ComposeProject.BuildDeadline, "build");
        var strangers = await IdAsync(other, image);
        try
        {
            // Takes the name from it.
            var first = Project(image, "1");
            await first.BuildAsync();
            var replaced = await IdAsync(first, image);
            var second = Project(image, "2");
            await second.BuildAsync();
            Assert.NotEqual(replaced, await IdAsync(second, image));
            var all = await other.DockerAsync("image", "ls", "--all", "--quiet", "--no-trunc");
            Assert.DoesNotContain(replaced, all, StringComparison.Ordinal);
            Assert.Contains(strangers, all, StringComparison.Ordinal);
        }
        finally
        {
            await other.DockerAsync("image", "rm", image, strangers);
        }
    }

    private static async Task<string> IdAsync(ComposeProject project, string image) => (await project.DockerAsync("image", "inspect", "--format", "{{.Id}}", image)).Trim();

    private ComposeProject Project(string image, string content)
    {
        var file = _folder.Sub(content + ".yaml");
        File.WriteAllText(file, $"services:\n  nothing:\n    image: {image}\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM scratch\n        LABEL content={content}\n        COPY {content}.yaml /\n");
        return new ComposeProject(file, new Dictionary<string, string?>());
    }
}
