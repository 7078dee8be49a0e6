/** Word that publications are missing; told before what follows them. */
export interface Gap {
  /**
   * `trimmed`: away for longer than the channel's log reaches. `rolled_back`: the log lost its newest entries in
   * a failover. `replaced`: the log is another one. `missing`: publications of one publisher were lost, and may
   * still turn up. `overflow`: a `for await` loop took its messages too slowly.
   */
  readonly reason: 'trimmed' | 'rolled_back' | 'replaced' | 'missing' | 'overflow' | (string & {});
  /** How many, where that is known. */
  readonly count?: number;
}
