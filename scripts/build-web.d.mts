/** Writes the page below `directory`, made if it is not there. */
export function buildWeb(root: string, directory: string): Promise<void>;
