using System.Runtime.CompilerServices;

// The tree's tests build damaged pages on purpose and measure page internals.
[assembly: InternalsVisibleTo("Storage.Tree.Tests")]
