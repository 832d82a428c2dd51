namespace Storage.Core.Tree;

/// <summary>Something that the check found.</summary>
/// <param name="Page">Number of the page it is about.</param>
/// <param name="IsDamage">
/// False for a meta page that is not the current one and cannot be read: a crash during a commit leaves that behind, and the next commit
/// writes it anew.
/// </param>
/// <param name="What">The finding in words.</param>
public readonly record struct CheckFinding(long Page, bool IsDamage, string What)
{
    public override string ToString() => $"page {Page}: {What}";
}
