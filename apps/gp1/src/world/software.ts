/** What stands in the headers of all products. */
export const software = { name: 'gp1', version: '0.1.0' } as const;
