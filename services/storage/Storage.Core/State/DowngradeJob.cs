using System.Text;
using Storage.Core.Tree;

namespace Storage.Core.State;

/// <summary>The release that the cluster is being taken back to, if it is. Single owner; <see cref="Target"/> may be handed to any thread.</summary>
public sealed class DowngradeJob(ITree tree)
{
    private static ReadOnlySpan<byte> Key => "downgrade"u8;

    /// <summary>Such as "3.4.0"; "": there is no such job.</summary>
    public string Target { get; private set; } = "";

    public void Begin(string target)
    {
        tree.Put(TableId.Meta, Key, Encoding.UTF8.GetBytes(target));
        Target = target;
    }

    public void End()
    {
        tree.Delete(TableId.Meta, Key);
        Target = "";
    }

    /// <summary>Takes over what is stored, at start.</summary>
    public void Load(ITreeSnapshot snapshot) => Target = snapshot.TryGet(TableId.Meta, Key, out var target) ? Encoding.UTF8.GetString(target) : "";
}
